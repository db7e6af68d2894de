from pyrophone.wire.intake cimport Intake


cdef class Message:
    cdef public int kind
    cdef public int serializer_id
    cdef public int flags
    cdef public int seq
    cdef public object payload
    cdef public object annotations
    cdef public object buffers
    cdef public object correlation


cdef class Decoder(Intake):
    pass
