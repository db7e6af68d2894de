cdef enum:
    HEAD = 40  # bytes of a header


cdef void put_header(
    unsigned char *head,
    unsigned char kind,
    unsigned char serializer_id,
    unsigned int seq,
    unsigned long size,
) noexcept nogil
cdef long number_of(
    const unsigned char *data, Py_ssize_t size, Py_ssize_t max_size
) noexcept nogil

cpdef bytes plain(int kind, int serializer_id, int seq, bytes payload)
cpdef long call_number(bytes data, Py_ssize_t max_size)
cpdef object result_payload(bytes data, int serializer_id, int seq, Py_ssize_t max_size)
