from pyrophone.wire.ends cimport End
from pyrophone.wire.plain cimport plain, result_payload


cdef class Calling(End):
    cdef public int seq
    cdef public object _object_id
    cdef public dict _calls
    cdef public set _abandoned
    cdef public set _pings
