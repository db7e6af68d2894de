"""The call that is nothing special, where it is served; the twin of ``prompt.py``.

What it may skip is what nobody can see: here neither signal handlers nor other threads
come in between two statements, but where something is called or waited for.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.contextvars cimport PyContextVar_Reset, PyContextVar_Set
from cpython.exc cimport PyErr_CheckSignals
from libc.errno cimport EINTR, errno

from pyrophone.context cimport CallContext
from pyrophone.wire.events cimport Call
from pyrophone.wire.plain cimport HEAD, number_of, plain
from pyrophone.wire.server cimport ServerSession

import os
import socket
from contextlib import suppress

from ..context import serving
from ..errors import SecurityError, SerializeError
from ..frontend.contexts import context_for
from ..net.sockets import AT_ONCE, close_hard, wait_limit_reached
from ..objects.batch import DATA
from ..wire.ends import NO_ANNOTATIONS
from ..wire.framing import ONEWAY

__all__ = ["BUSY", "CHUNK", "LOST", "MORE", "PAUSED", "READ", "WRITE", "Prompt"]

READ = 1
WRITE = 2
MORE = 4
LOST = 8
PAUSED = 16
BUSY = 32

CHUNK = 65536

cdef extern from *:
    """
    #ifdef _WIN32  /* whose sockets have other numbers and errors: Python knows them */
    #define PROMPT_NATIVE 0
    #define prompt_waits(number) 0
    #define prompt_receive(fd, data, size) (-1)
    #define prompt_send(fd, data, size) (-1)
    #else
    #include <errno.h>
    #include <sys/socket.h>
    #define PROMPT_NATIVE 1
    #define prompt_waits(number) ((number) == EAGAIN || (number) == EWOULDBLOCK)
    #define prompt_receive(fd, data, size) recv(fd, data, size, 0)
    #define prompt_send(fd, data, size) send(fd, data, size, 0)
    #endif
    """
    const bint PROMPT_NATIVE
    bint prompt_waits(int number) nogil
    Py_ssize_t prompt_receive(int fd, void *data, size_t size) nogil
    Py_ssize_t prompt_send(int fd, const void *data, size_t size) nogil

cdef enum:
    ROOM = 8192  # bytes; on the stack, which may be small. Of what is longer more is read.
    OPEN = 2
    ENDED = 3  # the session; see wire/states.py
    RESULT = 5
    UNCHANGED = -1
    FOR_READING = 1  # as READ
    LATER = -1

cdef object _serving = serving
cdef object _data = DATA
cdef object _simple = frozenset({bool, float, int, str, type(None)})
cdef object _no_annotations = NO_ANNOTATIONS
cdef int _oneway = ONEWAY


cdef class Prompt:
    """A connection of a daemon, as far as a call that comes alone is answered there."""

    def serve(self):
        """Do what can be done: send what is left, read once, answer what came."""
        cdef int state = UNCHANGED
        cdef Call call
        if self._behind or self._outbox or self._broken:
            return self._go_on(self._answer, 0)
        if self.closed:
            return 0
        if self._tls is not None:
            return self._read(self._answer)
        call = self._receive(&state)
        if call is not None:
            return self._answer_one(call)
        return self._answer() if state == UNCHANGED else state

    cdef Call _receive(self, int *state):
        """Return the call that came alone.

        If it is None, *state* tells what to return, or nothing was changed there and
        the session has what came.
        """
        cdef unsigned char room[ROOM]
        cdef const unsigned char *start = room
        cdef Py_ssize_t got
        cdef Call call
        cdef ServerSession session
        cdef bytes data = None
        if PROMPT_NATIVE:
            got = self._into(room)
        else:
            got = ROOM  # so that Python does it
        if got == ROOM:
            try:
                data = self.sock.recv(CHUNK, AT_ONCE if PROMPT_NATIVE else 0)
            except OSError as error:
                if not PROMPT_NATIVE and wait_limit_reached(error):
                    got = LATER
            if PROMPT_NATIVE:  # what is wrong, if anything, is seen when it is read next
                data = PyBytes_FromStringAndSize(<char *>room, ROOM) + (data or b"")
            elif data is None:
                data = b""
            if got != LATER:
                start = <const unsigned char *>PyBytes_AS_STRING(data)
                got = PyBytes_GET_SIZE(data)
        if got == LATER:
            state[0] = FOR_READING
            return None
        if got == 0:
            self._leave()
            state[0] = 0
            return None
        self.silent = 0.0
        session = self.session
        if self.many and not self.open and not self._service.stopping:
            call = called(session, start, got)
            if call is not None:
                return call
        if data is None:
            data = PyBytes_FromStringAndSize(<char *>room, got)
        session.receive(data)
        return None

    cdef Py_ssize_t _into(self, unsigned char *room) except? -2:
        """Read into *room*; return how much that was, 0 at the end, LATER if nothing came."""
        cdef Py_ssize_t got = -1
        cdef int fd
        self._using += 1
        try:
            while got < 0:
                PyErr_CheckSignals()
                fd = self.sock.fileno()  # behind handlers, which may have closed it
                with nogil:
                    got = prompt_receive(fd, room, ROOM)
                if got < 0 and errno != EINTR:
                    return LATER if prompt_waits(errno) else 0
            return got
        finally:
            self._used()

    cdef int _used(self) except -1:
        """Note that the number of the socket is not used any more, as of now."""
        self._using -= 1
        if self._cut and not self._using:
            close_hard(self.sock)
        return 0

    def hang_up(self):
        """Close the socket; see prompt.py."""
        if self._using:
            self._cut = True
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)
        else:
            close_hard(self.sock)

    def _answer_one(self, Call call):
        """Answer *call*, behind which nothing came: as :meth:`_answer`, and shorter."""
        self.paused = False
        self.active = True
        if not self._run(call):
            return LOST
        if self.stuck:
            return WRITE
        if self._broken or self.session.state == ENDED:
            self._leave()
            return 0
        if self.closed or self._lost:
            return 0
        return PAUSED if self.open and self._pauses() else MORE

    def _run(self, Call call):
        """Run *call* here; return whether this thread still has the turn then."""
        cdef long term = self.term
        cdef Py_ssize_t key = call.seq
        cdef CallContext context
        service = self._service
        if call.flags & _oneway:
            if service.starts_apart(self, call):
                return True
            key = -self.count - 1
        self.count += 1
        if call.limit is None:
            context = CallContext.__new__(CallContext)  # likewise
            context.client = self.client
            context.seq = call.seq
            context.flags = call.flags
            context.serializer = call.serializer.name
            context.annotations = call.annotations
            context.reply_annotations = {}
            context.correlation = call.correlation
            context.origin = call
            context.place = self._place
        else:
            context = context_for(self.client, call, self._place)
        self.open[key] = context
        self.turn.release()
        if self._straight and not call.flags and not call.path and call.limit is None:
            data = self._perform(service, call, context)
        else:
            data = service.perform(self, call, context)
        if data is not None:
            if data:
                self._send_at_once(data)
            self.open.pop(key, None)
            if self.tasks or self.paused or service.stopping:
                self.done(key)
        if not self.turn.acquire(self._alone):
            return False
        if self.term != term:
            self.turn.release()
            return False
        return True

    cdef object _perform(self, service, Call call, CallContext context):
        """Do as the daemon's *perform* does, for a call that is nothing special."""
        cdef ServerSession session = self.session
        token = PyContextVar_Set(_serving, context)
        try:
            function = self._function(service, call)
            if function is None:
                return service.perform(self, call, context)
            value = function(*call.args, **call.kwargs)
            if type(value) in _data:
                if (
                    not context.reply_annotations
                    and context.correlation is None
                    and type(value) in _simple
                    and (data := self._result(session, call, value)) is not None
                ):
                    return data
                return session.result(
                    call,
                    value,
                    annotations=context.reply_annotations,
                    correlation=context.correlation,
                )
            return service.conclude(self, call, context, function, value)
        except BaseException as error:  # whatever it is, the caller is told
            return service.explain(self, call, error, context)
        finally:
            PyContextVar_Reset(_serving, token)

    cdef object _result(self, ServerSession session, Call call, value):
        """Do as ``session.result`` for most answers; None if this is none of them."""
        if (
            not session._plain
            or session.trace is not None
            or session.state != OPEN
            or (session._many and session._owed.get(call.seq) is not call)
        ):
            return None
        try:
            payload = call.serializer.dumps(value)
        except SerializeError:
            return None
        if len(payload) > session._max_size:
            return None
        if session._many:
            del session._owed[call.seq]
        return plain(RESULT, call.serializer.id, call.seq, payload)

    cdef object _function(self, service, Call call):
        """Return what to run for *call*; None if that is not at hand."""
        if (
            call.problem is not None
            or type(call.object_id) is not str
            or type(call.method) is not str
            or not call.method
            or (<str>call.method)[0] == u"_"  # as those of functions, for one
        ):
            return None
        entry = self._known.get(call.object_id)
        if entry is None or entry.fixed is None or call.method not in entry.members.methods:
            return None
        return getattr(entry.fixed, call.method)

    cdef int _send_at_once(self, data) except -1:
        """Do as :meth:`send`, shorter."""
        cdef Py_ssize_t size
        cdef Py_ssize_t sent = -1
        cdef const char *start
        cdef int fd
        if (
            not PROMPT_NATIVE
            or type(data) is not bytes
            or self._tls is not None
            or self._broken
            or self._outbox
            or not self._sending.acquire(False)
        ):
            self.send(data)
            return 0
        self._using += 1
        try:
            size = PyBytes_GET_SIZE(data)
            start = PyBytes_AS_STRING(data)
            fd = self.sock.fileno()
            while sent < 0:
                with nogil:
                    sent = prompt_send(fd, start, size)
                if sent < 0 and errno != EINTR:
                    self._unsent(data, OSError(errno, os.strerror(errno)))
                    break
            if sent >= 0:
                self.quiet = 0.0
                if sent < size:
                    self._put_back(data, sent)
        finally:
            self._sending.release()
            self._used()
        if self._outbox:
            self.flush(0)
        return 0

    # What a link does besides.

    def send(self, data, flags=0):
        """Send *data*, or keep some of it for later; return whether nothing is kept."""
        raise NotImplementedError

    def done(self, key):
        """Note that a call was answered."""
        raise NotImplementedError


cdef Call called(ServerSession session, const unsigned char *data, Py_ssize_t size):
    """Do as ``session.call_in``."""
    cdef long found
    cdef int seq
    cdef Call call
    if (
        not session._plain
        or session.state != OPEN
        or session.trace is not None
        or session.decoder.data
    ):
        return None
    found = number_of(data, size, session.decoder.max_size)
    if found < 0:
        return None
    seq = found & 0xFFFF
    serializer = session._codecs.by_id.get(found >> 16)
    if serializer is None or (session._many and seq in session._owed):
        return None
    call = Call.__new__(Call)  # and what __init__ does; a test compares them
    call.seq = seq
    call.serializer = serializer
    call.annotations = _no_annotations
    call.object_id = call.method = call.path = ""
    call.args = ()
    call.kwargs = None
    try:
        call.object_id, call.method, call.args, kwargs = serializer.loads_call(
            PyBytes_FromStringAndSize(<const char *>data + HEAD, size - HEAD)
        )
        call.kwargs = kwargs or {}
    except (SerializeError, SecurityError) as error:
        call.kwargs = {}
        call.problem = error
    if session._many:
        session._owed[seq] = call
    return call
