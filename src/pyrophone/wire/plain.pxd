cimport cython

@cython.locals(size=Py_ssize_t)
cpdef bytes plain(int kind, int serializer_id, int seq, bytes payload)

@cython.locals(size=Py_ssize_t)
cpdef int call_number(bytes data, Py_ssize_t max_size)

@cython.locals(size=Py_ssize_t)
cpdef object result_payload(bytes data, int serializer_id, int seq, Py_ssize_t max_size)
