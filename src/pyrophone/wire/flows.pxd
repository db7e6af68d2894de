cdef class Flow:
    cdef public Py_ssize_t granted
    cdef public Py_ssize_t used
    cdef public Py_ssize_t window
