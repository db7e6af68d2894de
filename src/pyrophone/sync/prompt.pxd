from pyrophone.context cimport CallContext
from pyrophone.wire.events cimport Call
from pyrophone.wire.server cimport ServerSession


cdef class Prompt:
    cdef public bint _alone
    cdef public bint _behind
    cdef public bint _broken
    cdef public bint _cut
    cdef public dict _known
    cdef public bint _lost
    cdef public object _outbox
    cdef public object _place
    cdef public object _sending
    cdef public object _service
    cdef public bint _straight
    cdef public object _tls
    cdef public int _using
    cdef public bint active
    cdef public object client
    cdef public bint closed
    cdef public Py_ssize_t count
    cdef public bint many
    cdef public dict open
    cdef public bint paused
    cdef public double quiet
    cdef public ServerSession session
    cdef public double silent
    cdef public object sock
    cdef public bint stuck
    cdef public dict tasks
    cdef public long term
    cdef public object turn

    cdef Call _receive(self, int *state)
    cdef Py_ssize_t _into(self, unsigned char *room) except? -2
    cdef int _used(self) except -1
    cdef object _perform(self, service, Call call, CallContext context)
    cdef object _result(self, ServerSession session, Call call, value)
    cdef object _function(self, service, Call call)
    cdef int _send_at_once(self, data) except -1
