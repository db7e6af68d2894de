from pyrophone.wire.answering cimport Answering


cdef class Session(Answering):
    cdef public bint lazy
