cdef class SwiftCaller:
    cdef public object _beats
    cdef public list _corked
    cdef public Py_ssize_t _corked_size
    cdef public object _error
    cdef public object _sink
    cdef public dict _waiting
    cdef public object loop
    cdef public bint paused
    cdef public object session

    cdef int _hold_back(self, bytes data) except -1
