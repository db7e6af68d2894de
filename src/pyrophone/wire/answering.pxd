from pyrophone.wire.calling cimport Calling


cdef class Answering(Calling):
    cdef public dict _owed
