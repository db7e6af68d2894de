"""The call that is nothing special, on the shortest way, where it is awaited.

The twin of ``swift.py``. What comes to no more than it, and what goes out likewise, is
neither a message nor goes through the decoder; all else takes the long way.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.contextvars cimport get_value
from libc.string cimport memcmp, memcpy

from pyrophone.wire.client cimport ClientSession
from pyrophone.wire.events cimport Reply
from pyrophone.wire.plain cimport HEAD, put_header

import time
from asyncio import CancelledError, get_running_loop

from ..context import answered, due, outgoing, serving
from ..frontend.deadlines import limit_of
from ..frontend.remotes import LineRemote
from ..wire.ends import NO_ANNOTATIONS
from ..wire.framing import ONEWAY

__all__ = ["CORK", "SwiftCaller", "SwiftConnection", "SwiftRemote"]

CORK = 65536

cdef enum:
    OPEN = 2  # the session; see wire/states.py
    INVOKE = 4
    RESULT = 5

cdef Py_ssize_t _cork = CORK
cdef int _oneway = ONEWAY
cdef object _monotonic = time.monotonic
cdef object _running_loop = get_running_loop
cdef object _serving = serving
cdef object _outgoing = outgoing
cdef object _due = due
cdef object _no_annotations = NO_ANNOTATIONS


class SwiftRemote(LineRemote):
    """A remote object, as far as it is called."""

    __slots__ = ()

    def invoke(self, method, args, kwargs, flags=0, object_id=None):
        """Return what is awaited for the result of a call."""
        if flags & _oneway:
            return self._send((method, args, kwargs, flags, object_id))
        return self._call(method, args, kwargs, flags, object_id)

    async def _call(self, method, args, kwargs, flags, object_id):
        cdef SwiftConnection connection
        cdef Reply reply
        cdef int seq
        timeout = self.timeout
        limit = None
        if (
            timeout is not None
            or get_value(_due, None) is not None
            or get_value(_serving, None) is not None
        ):
            limit = limit_of(timeout)
        line = self.line
        connection = line.connection
        if connection is None or connection.loop is not _running_loop() or self.retries:
            call = (method, args, kwargs, flags, object_id)
            reply, connection = await self._repeat(call, limit)
        elif limit is None and not connection.paused:  # the usual case, without detours
            target = object_id or line.object_id
            waiter = connection._begin(method, args, kwargs, flags, target)
            seq = (<ClientSession>connection.session).seq
            try:
                reply = await waiter
            except CancelledError:
                connection.abandon(seq, waiter)
                raise
            if get_value(_outgoing, None) is not None:
                answered(reply.annotations)
        else:
            target = object_id or line.object_id
            reply = await connection.exchange(
                method, args, kwargs, flags, target, limit, timeout
            )
        if reply.flags or (<ClientSession>connection.session).features is None:
            return self._value(reply, connection)
        if reply.buffers:
            return reply.unwrap()
        return reply.serializer.loads(reply.payload)


cdef class SwiftCaller:
    """What one end of a connection has for the calls over it; see :class:`.Caller`."""

    def __init__(self, session):
        self.session = session
        self.loop = _running_loop()
        self._waiting = {}
        self._corked = []

    cdef int _hold_back(self, bytes data) except -1:
        """Keep *data* for others of the same moment; the first one has seen to that."""
        self._corked.append(data)
        self._corked_size += PyBytes_GET_SIZE(data)
        if self._corked_size > _cork:
            self._uncork()
        return 0

    def _uncork(self):
        data = b"".join(self._corked)
        self._corked.clear()
        self._corked_size = 0
        if data and self._sink is not None:
            self._sink.write(data)


cdef class SwiftConnection(SwiftCaller):
    """The client's end of a connection, as far as calls come and go."""

    cdef public bint _reading

    def __init__(self, session):
        super().__init__(session)
        self._reading = True

    def write(self, data, lent=False):
        """Send *data*, together with others of the same moment where there are some."""
        if type(data) is bytes:
            self._put(<bytes>data)
        elif data and self._sink is not None:
            self._told()
            self._uncork()
            self._large(data, lent)

    def data_received(self, data):
        """Hand what came to those who wait for it."""
        if self._beats is not None:
            self._beats.heard = _monotonic()
        if type(data) is not bytes or not self._settled(<bytes>data):
            self._received(data)

    cdef object _begin(self, method, args, kwargs, flags, object_id):
        """Do as :meth:`.Caller.begin`, without a limit."""
        cdef ClientSession session = self.session
        if (
            self._error is not None
            or get_value(_serving, None) is not None
            or get_value(_outgoing, None) is not None
        ):
            return self.begin(method, args, kwargs, flags, object_id)
        payload = session.compose(method, args, kwargs, flags, object_id)
        data = launched(session, <bytes>payload) if type(payload) is bytes else None
        if data is None:
            data = session.launch(payload)
        if type(data) is bytes:
            self._put(<bytes>data)
        else:
            self.write(data, True)
        waiter = self.loop.create_future()
        self._waiting[session.seq] = waiter
        return waiter

    cdef int _told(self) except -1:
        """Note that something is sent."""
        if self._beats is not None:
            self._beats.told = _monotonic()
        if not self._reading:  # it may be a call, whose answer is to be read
            self._resume()
        return 0

    cdef int _put(self, bytes data) except -1:
        """Send *data*."""
        if not PyBytes_GET_SIZE(data) or self._sink is None:
            return 0
        self._told()
        if not self._corked:
            if not self._waiting:
                self._sink.write(data)
                return 0
            self._soon()
        return self._hold_back(data)

    cdef bint _settled(self, bytes data) except -1:
        """Hand over the answer that *data* is, if it is one and no more; else do nothing."""
        cdef ClientSession session = self.session
        cdef const unsigned char *start = <const unsigned char *>PyBytes_AS_STRING(data)
        cdef Py_ssize_t size = PyBytes_GET_SIZE(data) - HEAD
        cdef unsigned char head[HEAD]
        cdef unsigned int seq
        cdef Reply reply
        if (
            size < 0
            or size > session.decoder.max_size
            or not session._plain
            or session.features is None
            or session.state != OPEN
            or session.trace is not None
            or session.decoder.data
            or session._abandoned
            or session._pings
            or self._answering is not None
        ):
            return False
        seq = <unsigned int>start[10] << 8 | start[11]
        put_header(head, RESULT, start[7], seq, size)
        if memcmp(head, start, HEAD):
            return False
        serializer = session._serializer
        if <int>serializer.id != start[7]:
            return False
        number = seq
        waiter = self._waiting.get(number)
        if (
            waiter is None
            or session._calls.get(number, self) is not None
            or waiter.done()
        ):
            return False
        del session._calls[number]
        del self._waiting[number]
        reply = Reply.__new__(Reply)
        reply.seq = seq
        reply.annotations = _no_annotations
        reply.payload = PyBytes_FromStringAndSize(<const char *>start + HEAD, size)
        reply.buffers = ()
        reply.serializer = serializer
        waiter.set_result(reply)
        return True


cdef bytes launched(ClientSession session, bytes payload):
    """Return the bytes of a call, as ``launch`` does; None if that is to do it."""
    cdef Py_ssize_t size = PyBytes_GET_SIZE(payload)
    cdef unsigned int seq = (session.seq + 1) & 0xFFFF
    cdef bytes data
    number = seq
    if (
        session.state != OPEN
        or session.trace is not None
        or size > session._max_size
        or number in session._calls
    ):
        return None
    data = PyBytes_FromStringAndSize(NULL, HEAD + size)
    put_header(
        <unsigned char *>PyBytes_AS_STRING(data), INVOKE, session._serializer.id, seq, size
    )
    memcpy(PyBytes_AS_STRING(data) + HEAD, PyBytes_AS_STRING(payload), size)
    session.seq = seq
    session._calls[number] = None
    return data
