cdef class Intake:
    cdef public object _landed
    cdef public bint beside
    cdef public object landing
    cdef public object data
    cdef public int expected
    cdef public Py_ssize_t max_size
    cdef public Py_ssize_t wanted
    cdef public Py_ssize_t _start
