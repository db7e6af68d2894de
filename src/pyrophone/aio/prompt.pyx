"""The call that is nothing special, on the shortest way, where it is served in a loop.

The twin of ``prompt.py``.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.contextvars cimport PyContextVar_Set, get_value
from libc.string cimport memcpy

from pyrophone.aio.swift cimport SwiftCaller
from pyrophone.context cimport CallContext
from pyrophone.wire.events cimport Call
from pyrophone.wire.plain cimport HEAD, put_header
from pyrophone.wire.session cimport Session

import asyncio
import time
from collections import deque
from types import CoroutineType, FunctionType, MethodType

from ..context import serving
from ..frontend.contexts import context_for
from ..objects.functions import CALLED, RELEASED
from ..wire.framing import BATCH
from .service import runs_in_loop

__all__ = ["DATA", "LARGE", "PromptLink", "PromptRunning", "Run"]

LARGE = 65536
DATA = frozenset({bool, bytes, dict, float, int, list, str, tuple, type(None)})

cdef extern from *:
    """
    #define flags_of(function) (((PyCodeObject *)PyFunction_GET_CODE(function))->co_flags)
    """
    int flags_of(object function)

cdef extern from "Python.h":
    void *PyMethod_GET_FUNCTION(object method)  # borrowed

cdef enum:
    OPEN = 2  # the session; see wire/states.py
    RESULT = 5
    IN_LOOP = 0x3A0  # coroutines, generators, and both kinds of what is in between

cdef Py_ssize_t _large = LARGE
cdef int _batch = BATCH
cdef object _data = DATA
cdef object _simple = frozenset({bool, float, int, str, type(None)})
cdef object _monotonic = time.monotonic
cdef object _serving = serving
cdef object _coroutine = CoroutineType
cdef object _function = FunctionType
cdef object _method = MethodType
cdef str _called = CALLED
cdef str _released = RELEASED


cdef class PromptLink(SwiftCaller):
    """The daemon's end of a connection, as far as calls come and are answered."""

    cdef public object _here
    cdef public object _home
    cdef public object _queue
    cdef public object functions
    cdef public object used
    cdef public bint _leaving
    cdef public bint _many
    cdef public bint _stalled
    cdef public bint closed
    cdef public Py_ssize_t _most
    cdef public PromptRunning answering

    def __init__(self, session, home):
        super().__init__(session)
        self.used = _monotonic()
        self._here = asyncio.get_running_loop()
        self._home = home
        self._most = home.settings.calls_per_client
        self._queue = deque()

    def write(self, data, lent=False):
        """Send *data*, together with others of the same moment where there may be some."""
        if type(data) is bytes:
            self._put(<bytes>data, _monotonic())
        elif data and self._sink is not None:
            self._told(_monotonic())
            self._uncork()
            self._large(data, lent)

    def ended(self):
        """Note that a call is answered; take the next one, if it had to wait."""
        self._ended(_monotonic())

    def data_received(self, data):
        """Do what *data* asks for, unless something is to be waited for first."""
        cdef Call call
        now = _monotonic()
        if self._beats is not None:
            self._beats.heard = now
        if self._leaving:
            return
        if (
            self._many
            and not (self._stalled or self.paused)
            and type(data) is bytes
            and PyBytes_GET_SIZE(data) < _large
        ):
            call = self.session.call_in(data)
            if call is not None:  # it is alone, and nothing special
                self.used = now
                self._take_call(call)
                if self.paused or len(self.answering.runs) >= self._most:
                    self._stalled = self._blocked
                return
        self._received(data)

    cpdef _take_call(self, Call call):
        if self._home.stopping or (
            call.method == _released and self.functions and self.functions.released(call)
        ):
            return
        if len(self.answering.runs) >= self._most:
            self._queue.append(call)
        else:
            self.answering.call(call)

    cdef int _told(self, now) except -1:
        """Note that something is sent."""
        if self._beats is not None:
            self._beats.told = now
        if self._stalled and self._many:  # it may be a call, whose answer is to be read
            self._here.call_soon(self._pull)
        return 0

    cdef int _put(self, bytes data, now) except -1:
        """Send *data*."""
        if not PyBytes_GET_SIZE(data) or self._sink is None:
            return 0
        self._told(now)
        if not self._corked:
            if len(self.answering.runs) < 2:
                self._sink.write(data)
                return 0
            self._here.call_soon(self._uncork)
        return self._hold_back(data)

    cdef int _ended(self, now) except -1:
        self.used = now
        if self._queue:
            while (
                self._queue and len(self.answering.runs) < self._most and not self.closed
            ):
                self.answering.call(self._queue.popleft())
        if self._stalled:
            self._pull()
        if self.closed or self._home.stopping:
            self._home.rested(self)
        return 0


cdef class Run:
    """One call under way."""

    cdef public Call call
    cdef public CallContext context
    cdef public bint late
    cdef public object pump
    cdef public bint started
    cdef public object task
    cdef public bint threaded
    cdef public object timer

    def __init__(self, call, context):
        self.call = call
        self.context = context


cdef class PromptRunning:
    """What runs the calls of one connection, as far as nothing special is to be done."""

    cdef public object _loop
    cdef public object _service
    cdef public object _speaker
    cdef public bint _closed
    cdef public dict runs
    cdef object _objects
    cdef PromptLink _link

    def __init__(self, speaker, service):
        self._speaker = speaker
        self._service = service
        self._loop = asyncio.get_running_loop()
        self.runs = {}
        self._objects = getattr(service, "objects", None)
        self._link = speaker if isinstance(speaker, PromptLink) else None

    cpdef call(self, Call call):
        """Run *call*; its answer is written when it is there."""
        cdef CallContext context
        cdef Run run
        service = self._service
        client = self._speaker.client
        if call.limit is None:
            context = context_of(call)
            context.client = client
            context.place = service.place
        else:
            context = context_for(client, call, service.place)
        if call.cancelled:
            context.cancelled = True
        run = Run.__new__(Run)
        run.call = call
        run.context = context
        self.runs[call] = run
        try:
            if call.flags & _batch:
                self._batch(run)
                return
            function = self._function(client, call)
            if function is None or not in_loop(function):
                self._apart(run, function)
            elif context.deadline is None:
                run.task = self._loop.create_task(self._await(run, function))
            else:
                self._spawn(run, self._await(run, function))
        except BaseException as error:  # whatever it is, the caller is told
            self._end(run, None, error)

    cdef object _function(self, client, Call call):
        """Return what to run for *call*, None if finding it may run code of the user."""
        if (
            self._objects is not None
            and call.problem is None
            and type(call.object_id) is str
            and type(call.method) is str
            and call.method != _called
        ):
            entry = self._objects.known.get(call.object_id)
            if entry is not None:
                fixed = entry.fixed
                if fixed is not None and call.method in entry.members.methods:
                    return getattr(fixed, call.method)
        return self._service.function_at_hand(client, call)

    async def _await(self, Run run, function, value=None):
        """Run *function* as a task; without one, wait for *value*."""
        cdef Call call = run.call
        cdef CallContext context = run.context
        PyContextVar_Set(_serving, context)
        try:
            if context.cancelled or context.deadline is not None:
                context.check()
            run.started = True
            if function is not None:
                if call.kwargs:
                    value = function(*call.args, **call.kwargs)
                else:
                    value = function(*call.args)
            if type(value) is _coroutine or hasattr(type(value), "__await__"):
                value = await value
        except BaseException as error:  # whatever it is, the caller is told
            judged = error if function is None else self._judged(run, function, error)
            self._end(run, None, judged)
        else:
            self._end(run, value, None)

    cpdef _end(self, Run run, value, error):
        """Answer a call; in the loop."""
        cdef CallContext context = run.context
        cdef Call call = run.call
        if (
            error is None
            and not self._closed
            and type(value) in _data
            and get_value(_serving, None) is context
            and self._service.apart
        ):  # nothing special
            try:
                session = self._speaker.session
                data = answer(session, call, value, context)
                if data is None:
                    data = session.result(
                        call,
                        value,
                        annotations=context.reply_annotations,
                        correlation=context.correlation,
                    )
            except BaseException as problem:  # whatever it is, the caller is told
                error = problem
            else:
                if run.timer is not None:
                    run.timer.cancel()
                if self._link is not None and type(data) is bytes:
                    now = _monotonic()
                    self._link._put(<bytes>data, now)
                    del self.runs[call]
                    self._link._ended(now)
                else:
                    self._speaker.write(data)
                    del self.runs[call]
                    self._speaker.ended()
                return
        self._conclude(run, value, error)


cdef CallContext context_of(Call call):
    """Return the context of a call that has all the time, but for who calls and where."""
    cdef CallContext context = CallContext.__new__(CallContext)
    context.seq = call.seq
    context.flags = call.flags
    context.serializer = call.serializer.name
    context.annotations = call.annotations
    context.reply_annotations = {}
    context.correlation = call.correlation
    context.origin = call
    return context


cdef bint in_loop(function) except -1:
    """Do as :func:`.service.runs_in_loop`; for a method that is one without asking it."""
    inner = function
    if type(inner) is _method:
        inner = <object>PyMethod_GET_FUNCTION(inner)
    if type(inner) is _function and flags_of(inner) & IN_LOOP:
        return True
    return runs_in_loop(function)


cdef bytes answer(Session session, Call call, value, CallContext context):
    """Return the bytes of an answer that is nothing special; None if ``result`` has to."""
    cdef Py_ssize_t size
    cdef bytes payload
    cdef bytes data
    if (
        call.flags
        or context.reply_annotations
        or context.correlation is not None
        or type(value) not in _simple
        or not session._many
        or not session._plain
        or session.trace is not None
        or session.state != OPEN
        or session._owed.get(call.seq) is not call
    ):
        return None
    payload = call.serializer.dumps(value)
    size = PyBytes_GET_SIZE(payload)
    if size > session._max_size:
        return None
    data = PyBytes_FromStringAndSize(NULL, HEAD + size)
    put_header(
        <unsigned char *>PyBytes_AS_STRING(data), RESULT, call.serializer.id, call.seq, size
    )
    memcpy(PyBytes_AS_STRING(data) + HEAD, PyBytes_AS_STRING(payload), size)
    del session._owed[call.seq]
    return data
