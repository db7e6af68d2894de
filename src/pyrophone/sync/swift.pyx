"""The call that is nothing special, on the shortest way; the twin of ``swift.py``.

What it may skip is what nobody can see: here neither signal handlers nor other threads
come in between two statements, but where something is called or waited for.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.contextvars cimport get_value
from cpython.exc cimport PyErr_CheckSignals
from libc.errno cimport EINTR, errno
from libc.string cimport memcmp, memcpy

from pyrophone.sync.exchange cimport Exchange
from pyrophone.wire.client cimport ClientSession
from pyrophone.wire.plain cimport HEAD, put_header

import os
import time

from ..context import due, outgoing, serving
from ..errors import ConnectionLostError
from ..wire.events import Reply
from .exchange import ENDED

__all__ = ["Swift"]

cdef extern from *:
    """
    #ifdef _WIN32  /* where connections never wait by themselves, and none of this is run */
    #define swift_send(fd, data, size) (-1)
    #define swift_receive(fd, data, size) (-1)
    #else
    #include <sys/socket.h>
    #define swift_send(fd, data, size) send(fd, data, size, MSG_DONTWAIT)
    #define swift_receive(fd, data, size) recv(fd, data, size, 0)
    #endif
    """
    Py_ssize_t swift_send(int fd, const void *data, size_t size) nogil
    Py_ssize_t swift_receive(int fd, void *data, size_t size) nogil

cdef extern from "pythread.h":
    unsigned long PyThread_get_thread_ident() nogil

cdef enum:
    OPEN = 2
    ROOM = 8192  # bytes; what is longer comes in pieces, and the long way
    RESULT = 5
    INVOKE = 4

cdef object _monotonic = time.monotonic
cdef object _serving = serving
cdef object _outgoing = outgoing
cdef object _due = due


cdef class _Alert:
    """Gives what *pieces* gives, and lets signal handlers run before each wait for it.

    Interpreted code looks for signals all the time. Compiled code doesn't, and then one that
    came just before a wait would be looked at behind it.
    """

    cdef object pieces

    def __init__(self, pieces):
        self.pieces = pieces

    def __iter__(self):
        return self

    def __next__(self):
        PyErr_CheckSignals()
        return next(self.pieces)


cdef class Swift(Exchange):
    """An exchange that knows how to make a call with nothing to go along."""

    def __init__(self, session, channel):
        super().__init__(session, channel)
        self._pieces = _Alert(self._pieces)

    def ask(self, method, args, kwargs, object_id):
        """Make a call that has no limit of its own; return what comes for it."""
        cdef ClientSession session = self.session
        if (
            get_value(_serving, None) is not None
            or get_value(_outgoing, None) is not None
            or get_value(_due, None) is not None
        ):
            return self.call(method, args, kwargs, 0, object_id, None, True)
        message = session.compose(method, args, kwargs, 0, object_id)
        if type(message) is bytes and self._waits and session.features is not None:
            data = self._swift(session, <bytes>message)
            if data is not None:
                return data
        return self.exchange(session.launch, message, Reply, None, True)

    def call(
        self, method, args, kwargs, flags=0, object_id=None, timeout=None, bare=False
    ):
        """Make any call."""
        raise NotImplementedError

    cdef object _swift(self, ClientSession session, bytes payload):
        """Return what comes for the call with *payload*; None if it was not made here."""
        cdef unsigned char head[HEAD]
        cdef unsigned char room[ROOM]
        cdef Py_ssize_t size = PyBytes_GET_SIZE(payload)
        cdef Py_ssize_t got
        cdef unsigned int seq
        cdef unsigned long me = PyThread_get_thread_ident()
        cdef int serializer_id = session._serializer.id
        cdef int fd
        cdef bytes data = PyBytes_FromStringAndSize(NULL, HEAD + size)
        cdef const char *bytes_of_it = PyBytes_AS_STRING(data)
        lock = self._lock
        if not lock.acquire(False):
            return None
        try:
            if (
                self._busy
                or self._reader == me
                or self._leader is not None
                or self._unsent
                or self.closed
                or session.state != OPEN
                or session.trace is not None
                or size > session._max_size
            ):
                return None
            number = (session.seq + 1) & 0xFFFF
            if number in session._calls:
                return None
            seq = number
            put_header(<unsigned char *>PyBytes_AS_STRING(data), INVOKE, serializer_id, seq, size)
            memcpy(PyBytes_AS_STRING(data) + HEAD, PyBytes_AS_STRING(payload), size)
            fd = self.channel.fd
            with nogil:
                got = swift_send(fd, bytes_of_it, HEAD + size)
            if got < 0:
                return None  # the long way says why
            session.seq = seq
            session._calls[number] = None
            self._leader = number
            self._reader = me
            if got != HEAD + size:
                self._unsent.append(memoryview(data)[got:])
        finally:
            lock.release()
        data = None
        try:
            if self._unsent:
                return self._lead(number, Reply, None)
            while True:
                PyErr_CheckSignals()
                with nogil:
                    got = swift_receive(fd, room, ROOM)
                if got >= 0:
                    break
                if errno != EINTR:
                    raise OSError(errno, os.strerror(errno))
            if got == 0:
                raise ConnectionLostError(ENDED)
            self.used = _monotonic()
            put_header(head, RESULT, serializer_id, seq, got - HEAD)
            lock.acquire()
            try:
                if (
                    got >= HEAD
                    and not memcmp(head, room, HEAD)
                    and session.trace is None
                    and session.state == OPEN
                    and not session.decoder.data
                    and got - HEAD <= session.decoder.max_size
                    and number not in session._abandoned
                    and session._calls.pop(number, self) is None
                ):
                    self._reader = 0
                    if (
                        self._waiters or self._pending or self._unsent or self.expects
                        or self.closed
                    ):
                        self._pass_on()
                    else:
                        self._leader = None
                    return PyBytes_FromStringAndSize(<char *>room + HEAD, got - HEAD)
                if self.closed:  # by another thread, since
                    raise ConnectionLostError(ENDED)
                session.decoder.feed(PyBytes_FromStringAndSize(<char *>room, got))
                mine = self._sort(session.next(), number, Reply)
            finally:
                lock.release()
            return self._lead(number, Reply, None) if mine is None else mine
        except BaseException as error:  # tidied up after, and raised again
            self._give_up(number, None, error)
            self._explain(error)
            raise
