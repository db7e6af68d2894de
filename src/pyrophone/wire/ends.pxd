from pyrophone.wire.framing cimport Message
from pyrophone.wire.intake cimport Intake


cdef class Crossed(Message):
    cdef public object across


cdef class End:
    cdef public int state
    cdef public object dialect
    cdef public object features
    cdef public double beat
    cdef public object crossing
    cdef public object trace
    cdef public object _encode
    cdef public object _codecs
    cdef public object _serializer
    cdef public bint _beside
    cdef public bint _compress
    cdef public Py_ssize_t _max_size
    cdef public object _own_beat
    cdef public bint _plain
    cdef public bint _many
    cdef public bint _limits
    cdef public bint _flows
    cdef public int _more
    cdef public int _sendable
    cdef public object _chunks
    cdef public Intake decoder
    cdef public object receive
