cdef class Greeting:
    cdef public object annotations
    cdef public object correlation
    cdef public object handshake
    cdef public object object_id
    cdef public object seq
    cdef public object serializer


cdef class Call:
    cdef public object annotations
    cdef public object args
    cdef public bint cancelled
    cdef public object correlation
    cdef public int flags
    cdef public object flow
    cdef public object kwargs
    cdef public object limit
    cdef public object method
    cdef public object object_id
    cdef public object path
    cdef public object problem
    cdef public int seq
    cdef public object serializer
    cdef public object unread


cdef class Cancel:
    cdef public object call
    cdef public int seq


cdef class Credit:
    cdef public object call
    cdef public object count
    cdef public int seq


cdef class Ping:
    cdef public object correlation
    cdef public int seq
    cdef public object serializer_id


cdef class Welcome:
    cdef public object annotations
    cdef public object handshake
    cdef public object metadata


cdef class Refusal:
    cdef public object annotations
    cdef public object text


cdef class Pong:
    cdef public int seq


cdef class Reply:
    cdef public object annotations
    cdef public object buffers
    cdef public int flags
    cdef public bint flows
    cdef public object payload
    cdef public int seq
    cdef public object serializer
    cdef public object stream


cdef class Portion(Reply):
    cdef public bint last
