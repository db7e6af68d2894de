from pyrophone.wire.ends cimport End


cdef class Calling(End):
    cdef public int seq
    cdef public object _object_id
    cdef public dict _calls
    cdef public set _abandoned
    cdef public set _pings
