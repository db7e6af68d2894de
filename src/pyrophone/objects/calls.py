"""From a call to the function to run, and from its result to the answer."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..context import CallContext, Client
from ..steps import Invoke, Procedure
from ..wire.buffers import Data
from ..wire.events import Call
from ..wire.framing import BATCH, ONEWAY
from ..wire.server import ServerSession
from .batch import calls_of, run_calls
from .streams import StreamTable
from .table import ObjectTable

__all__ = ["ATTRIBUTE_ACCESS", "Dispatcher", "format_remote"]

ATTRIBUTE_ACCESS = ("__getattr__", "__setattr__")  # how reading and writing one travels

Judge = Callable[[Callable[..., Any], Any, dict[str, Any], Exception], None]


class Dispatcher:
    """Knows what a call means to the objects of one daemon; runs nothing itself.

    Args:
        objects: The objects.
        streams: Where iterators stay that are returned.
        fail: Makes the stand-in for a failed call inside a batch result.
        streaming: Whether iterators may be returned; may be changed.
        show: Makes the traceback that goes with an error, :func:`format_remote` by
            default.

    Attributes:
        stream_attributes: Whether an iterator that is an attribute's value is a stream,
            too; else it is a value like others.
    """

    def __init__(
        self,
        objects: ObjectTable,
        streams: StreamTable,
        *,
        fail: Callable[[Exception, list[str]], Any],
        streaming: bool = True,
        show: Callable[[BaseException], list[str]] | None = None,
    ) -> None:
        self.objects = objects
        self.streams = streams
        self._fail = fail
        self.streaming = streaming
        self.stream_attributes = True
        self._show = show or format_remote

    def function(self, call: Call, client: Client) -> Callable[..., Any]:
        """Return what to run for *call*, with its ``args`` and ``kwargs``.

        Raises:
            NoSuchObjectError: The daemon has no such object.
            NotExposedError: The object has no such member.
            Exception: What making the instance raised, or ``call.problem``.
        """
        if call.problem is not None:
            raise call.problem
        entry = self.objects.find(call.object_id)
        method = call.method
        if entry.fixed is not None and method in entry.members.methods:
            function: Callable[..., Any] = getattr(entry.fixed, method)
            return function
        if method in ATTRIBUTE_ACCESS:
            members = entry.members
            access = members.get if method == "__getattr__" else members.set
            return partial(access, self.objects.instance(entry, client))
        if method not in entry.members.methods:  # before an instance is made for it
            raise entry.members.refusal(method)
        return entry.members.method(self.objects.instance(entry, client), method)

    def batch(
        self, call: Call, client: Client, judge: Judge | None = None
    ) -> Procedure[list[Any]]:
        """Run the calls of a batch in order, up to the first that fails.

        Args:
            call: The batch.
            client: Whose it is.
            judge: Called when one failed; what it raises takes the error's place.

        Returns:
            The results; the failure is the last of them.

        Raises:
            SerializeError: The batch is no list of (method, args, kwargs).
            NotExposedError: A member may not be called; nothing was run.
        """
        target, calls = self._calls(call, client)
        results: list[Any] = []
        for name, args, kwargs in calls:
            function = getattr(target, name)
            try:
                result = yield Invoke(function, args, kwargs)
            except Exception as error:  # whatever it is, the caller is told
                results.append(self._failed(judge, function, args, kwargs, error))
                break
            results.append(result)
        return results

    def run_batch(
        self,
        call: Call,
        client: Client,
        judge: Judge | None,
        settle: Callable[[Any], Any],
    ) -> list[Any]:
        """Do as :meth:`batch` here and now, which is much shorter.

        Args:
            call: The batch.
            client: Whose it is.
            judge: Likewise.
            settle: Given what a call gave if that may be more than data, returns its
                result.
        """
        target, calls = self._calls(call, client)
        return run_calls(target, calls, settle, partial(self._failed, judge))

    def is_stream(self, call: Call, value: Any) -> bool:
        """Tell whether *value* is to be read item by item, and may be async."""
        return (
            (_is_iterator(value) or _is_async_iterator(value))
            and not call.flags & (ONEWAY | BATCH)
            and (self.stream_attributes or call.method not in ATTRIBUTE_ACCESS)
        )

    def reply(
        self,
        session: ServerSession,
        call: Call,
        value: Any,
        context: CallContext,
        now: float,
    ) -> Data:
        """Return the bytes that answer *call* with *value*.

        Raises:
            SerializeError: The value can't be written; answer with :meth:`fault`.
        """
        if (
            hasattr(type(value), "__next__")
            and _is_iterator(value)
            and not call.flags & (ONEWAY | BATCH)
            and (self.stream_attributes or call.method not in ATTRIBUTE_ACCESS)
        ):
            stream_id = None
            if self.streaming:
                stream_id = self.streams.open(value, context.client, now)
            return session.stream(
                call,
                stream_id,
                annotations=context.reply_annotations,
                correlation=context.correlation,
            )
        return session.result(
            call,
            value,
            annotations=context.reply_annotations,
            correlation=context.correlation,
        )

    def fault(
        self, session: ServerSession, call: Call, error: BaseException, context: CallContext
    ) -> Data:
        """Return the bytes that answer *call* with *error*."""
        return session.fault(
            call,
            error,
            self._show(error),
            annotations=context.reply_annotations,
            correlation=context.correlation,
        )

    def is_callback(self, call: Call) -> bool:
        """Tell whether the error of *call* is to be logged on this side too."""
        entry = self.objects.find(call.object_id)
        return call.method in entry.members.callbacks

    def _calls(self, call: Call, client: Client) -> tuple[Any, Sequence[Any]]:
        """Return the object of a batch, and its calls; all of them may be made."""
        if call.problem is not None:
            raise call.problem
        entry = self.objects.find(call.object_id)
        calls = calls_of(call.args, entry.members)
        return self.objects.instance(entry, client), calls

    def _failed(
        self,
        judge: Judge | None,
        function: Callable[..., Any],
        args: Any,
        kwargs: dict[str, Any],
        error: Exception,
    ) -> Any:
        """Return what stands for a failed call inside the result of a batch."""
        final = _judged(judge, function, args, kwargs, error)
        return self._fail(final, self._show(final))


def format_remote(error: BaseException) -> list[str]:
    """Return the traceback of *error* as lines for the other side.

    The frames of this library that led to the user's code are left out.
    """
    frames = error.__traceback__
    while frames is not None and _is_ours(frames.tb_frame.f_globals.get("__name__")):
        frames = frames.tb_next
    try:
        return traceback.format_exception(type(error), error, frames or error.__traceback__)
    except Exception:  # a __str__ or a source file that fails
        return [f"{type(error).__name__}: (its traceback can't be formatted)\n"]


def _judged(
    judge: Judge | None,
    function: Callable[..., Any],
    args: Any,
    kwargs: dict[str, Any],
    error: Exception,
) -> Exception:
    """Return the error that counts."""
    try:
        if judge is not None:
            judge(function, args, kwargs, error)
    except Exception as other:  # of the program's own method: it counts
        return other
    return error


def _is_iterator(value: Any) -> bool:
    # isinstance(value, Iterator) is five times as slow, and this is asked of each result.
    kind = type(value)
    return hasattr(kind, "__next__") and hasattr(kind, "__iter__")


def _is_async_iterator(value: Any) -> bool:
    kind = type(value)
    return hasattr(kind, "__anext__") and hasattr(kind, "__aiter__")


def _is_ours(module: Any) -> bool:
    return str(module).partition(".")[0] == __name__.partition(".")[0]
