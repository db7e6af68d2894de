from pyrophone.wire.calling cimport Calling
from pyrophone.wire.plain cimport plain


cdef class Answering(Calling):
    cdef public dict _owed
