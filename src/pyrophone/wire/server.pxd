from pyrophone.wire.session cimport Session


cdef class ServerSession(Session):
    cdef public int _greeting_seq
    cdef public object _supported
