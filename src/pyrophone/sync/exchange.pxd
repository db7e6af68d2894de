from pyrophone.sync.sending cimport Sending


cdef class Exchange(Sending):
    cdef public dict _pending
    cdef public object _pieces
    cdef public object _promoted
    cdef public object _reason
    cdef public object _scatter
    cdef public unsigned long _torn
    cdef public dict _waiters
    cdef public bint _waits
    cdef public double due
    cdef public bint expects
    cdef public bint watched
