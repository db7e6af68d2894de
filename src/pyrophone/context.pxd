cdef class CallContext:
    cdef public object annotations
    cdef public bint cancelled
    cdef public object client
    cdef public object clock
    cdef public object correlation
    cdef public object deadline
    cdef public int flags
    cdef public object origin
    cdef public object place
    cdef public object reply_annotations
    cdef public int seq
    cdef public object serializer
