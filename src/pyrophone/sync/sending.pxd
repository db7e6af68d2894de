from pyrophone.wire.client cimport ClientSession


cdef class Sending:
    cdef public bint _busy
    cdef public object _flags
    cdef public object _gather
    cdef public object _leader
    cdef public object _lock
    cdef public unsigned long _reader
    cdef public object _send
    cdef public object _unsent
    cdef public bint _unsure
    cdef public object channel
    cdef public bint closed
    cdef public ClientSession session
    cdef public bint shared
    cdef public double used
