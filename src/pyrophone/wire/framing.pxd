from pyrophone.wire.intake cimport Intake


cdef class Message:
    cdef public object kind
    cdef public object serializer_id
    cdef public object flags
    cdef public object seq
    cdef public object payload
    cdef public object annotations
    cdef public object correlation


cdef class Decoder(Intake):
    pass
