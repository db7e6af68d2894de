from pyrophone.wire.answering cimport Answering
from pyrophone.wire.plain cimport call_number


cdef class Session(Answering):
    cdef public bint lazy
