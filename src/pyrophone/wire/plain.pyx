"""Messages with nothing but a payload, the short way; the twin of ``plain.py``."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memcmp, memcpy, memset

__all__ = ["NONE", "call_number", "plain", "result_payload"]

NONE = -1

cdef enum:
    INVOKE = 4
    RESULT = 5

# Start, kind, serializer, flags; number; sizes of payload and annotations; correlation id,
# what is reserved, magic number. See framing.py.
cdef const unsigned char *START = b"PYRO\x01\xf6"
cdef const unsigned char *MAGIC = b"\x4d\xc5"
cdef const unsigned char *NO_CHUNKS = b"\x00\x00\x00\x00"


cdef void put_header(
    unsigned char *head,
    unsigned char kind,
    unsigned char serializer_id,
    unsigned int seq,
    unsigned long size,
) noexcept nogil:
    """Write the header of such a message to *head*."""
    memset(head, 0, HEAD)
    memcpy(head, START, 6)
    head[6] = kind
    head[7] = serializer_id
    head[10] = <unsigned char>(seq >> 8)
    head[11] = <unsigned char>seq
    head[12] = <unsigned char>(size >> 24)
    head[13] = <unsigned char>(size >> 16)
    head[14] = <unsigned char>(size >> 8)
    head[15] = <unsigned char>size
    memcpy(head + 38, MAGIC, 2)


cdef long number_of(
    const unsigned char *data, Py_ssize_t size, Py_ssize_t max_size
) noexcept nogil:
    """Do as :func:`call_number`."""
    cdef Py_ssize_t payload
    size -= HEAD
    if size < 0 or size > max_size or data[6] != INVOKE:
        return -1
    payload = (
        <Py_ssize_t>data[12] << 24 | <Py_ssize_t>data[13] << 16
        | <Py_ssize_t>data[14] << 8 | data[15]
    )
    if (
        payload != size
        or data[8] or data[9]
        or memcmp(data + 16, NO_CHUNKS, 4)
        or memcmp(data, START, 6)
        or memcmp(data + 38, MAGIC, 2)
    ):
        return -1
    return <long>data[7] << 16 | <long>data[10] << 8 | data[11]


cpdef bytes plain(int kind, int serializer_id, int seq, bytes payload):
    """Return the bytes of such a message."""
    cdef Py_ssize_t size = PyBytes_GET_SIZE(payload)
    cdef bytes data = PyBytes_FromStringAndSize(NULL, HEAD + size)
    put_header(<unsigned char *>PyBytes_AS_STRING(data), kind, serializer_id, seq, size)
    memcpy(PyBytes_AS_STRING(data) + HEAD, PyBytes_AS_STRING(payload), size)
    return data


cpdef long call_number(bytes data, Py_ssize_t max_size):
    """Return which call *data* is: its number, and in the bits above 16 its serializer."""
    return number_of(
        <const unsigned char *>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), max_size
    )


cpdef object result_payload(bytes data, int serializer_id, int seq, Py_ssize_t max_size):
    """Return what *data* carries, if it is the answer to the call *seq*; else None."""
    cdef unsigned char head[HEAD]
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data) - HEAD
    if size < 0 or size > max_size:
        return None
    put_header(head, RESULT, serializer_id, seq, size)
    if memcmp(head, PyBytes_AS_STRING(data), HEAD):
        return None
    return PyBytes_FromStringAndSize(PyBytes_AS_STRING(data) + HEAD, size)
