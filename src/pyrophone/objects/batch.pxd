cimport cython


cdef class _BatchedMethod:
    cdef public list _calls
    cdef public object _name


cpdef object calls_of(object items, object members)

@cython.locals(results=list)
cpdef list run_calls(object target, object calls, object settle, object fail)
