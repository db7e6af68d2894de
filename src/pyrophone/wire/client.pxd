from pyrophone.wire.session cimport Session


cdef class ClientSession(Session):
    cdef public object _offer
