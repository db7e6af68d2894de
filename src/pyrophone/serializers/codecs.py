"""The serializers of one connection, by name and by id."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar, cast

from ..errors import SecurityError, SerializeError
from ..settings import Settings
from . import make_serializers
from .base import BesideSerializer, Codec, Serializer
from .classes import ClassTable, Failure
from .extended import ExtendedTable
from .faults import dump_error, safe_error_form
from .functions import Crossing, Exporter, FunctionFoundError, crossing
from .tags import TaggedTable, Tags

__all__ = ["Codecs", "CrossingSerializer", "beside_of", "make_codecs"]

P = ParamSpec("P")
R = TypeVar("R")


class Codecs:
    """The serializers of a daemon or a connection, and the class table they share.

    Args:
        classes: How objects travel that are not plain data.
        serializers: The serializers by name.
        values: Whether to use the feature ``values`` with peers that know it.

    Attributes:
        classes: Likewise.
        values: Likewise.
        by_name: The serializers by name.
        by_id: The serializers by their number on the wire.
        refused: Likewise, those that are known but not accepted from peers: their bytes
            are not read, but who sends them is told so in the serializer they know.
    """

    __slots__ = ("_extended", "_plain", "by_id", "by_name", "classes", "refused", "values")

    def __init__(
        self,
        classes: ClassTable,
        serializers: Mapping[str, Serializer],
        *,
        values: bool = True,
    ) -> None:
        self.classes = classes
        self.values = values
        self.by_name = dict(serializers)
        self.by_id = {serializer.id: serializer for serializer in serializers.values()}
        self.refused: Mapping[int, Serializer] = {}
        self._extended: Codecs | None = None
        self._plain: Codecs | None = None

    @property
    def plain(self) -> Codecs:
        """Those for peers that don't know the feature ``values``."""
        return self._plain or self

    def extended(self) -> Codecs:
        """Return those for peers that know the feature ``values``; the same each time."""
        if self._extended is None:
            table = ExtendedTable(self.classes)
            serializers = {
                name: _extended(serializer, table)
                for name, serializer in self.by_name.items()
            }
            extended = Codecs(table, serializers)
            extended.refused = self.refused
            extended._plain = self
            self._extended = extended
        return self._extended

    def dump_error(
        self, serializer: Serializer, error: BaseException, traceback: list[str] | None
    ) -> bytes:
        """Return the bytes of *error*; never fails, whatever it holds."""
        return dump_error(serializer, self.classes, error, traceback)

    def dump_results(
        self,
        serializer: Serializer,
        results: list[Any],
        beside: list[Any] | None = None,
    ) -> bytes:
        """Return the bytes of a batch's results, of which the last may be a failure.

        Args:
            serializer: What to write with.
            results: The results.
            beside: Gets what goes beside the text, if the serializer can do that.

        Raises:
            SerializeError: A result can't be written. An error always can.
        """
        try:
            return _dump(serializer, results, beside)
        except (SerializeError, SecurityError) as problem:
            if not results or not isinstance(results[-1], Failure):
                raise
            if beside is not None:
                beside.clear()
            failure = self.writable(serializer, results[-1], problem)
            return _dump(serializer, [*results[:-1], failure], beside)

    def writable(
        self, serializer: Serializer, failure: Failure, problem: Exception
    ) -> Failure:
        """Return what is written for a failed call, if there is a *problem* with it."""
        form = safe_error_form(serializer, self.classes, failure.error, failure.traceback)
        return Failure(failure.error, failure.traceback, form)

    def across(
        self, error: SerializeError, serializer: Serializer, functions: Crossing
    ) -> CrossingSerializer:
        """Return what to write with again, where *error* says that there is a function.

        Raises:
            SerializeError: *error*, which says something else.
        """
        if not isinstance(error, FunctionFoundError):
            raise error
        return CrossingSerializer(serializer, functions)

    def reading(self, serializer: Serializer, functions: Crossing) -> CrossingSerializer:
        """Return what to read a message with that has functions in it."""
        return CrossingSerializer(serializer, functions)

    def failure(self, error: BaseException, traceback: list[str] | None) -> Failure:
        """Return what stands for a failed call inside the result of a batch."""
        return Failure(error, traceback)


class CrossingSerializer:
    """A serializer for one message with functions in it.

    Args:
        serializer: The one that does the work.
        functions: Those of the connection.
    """

    __slots__ = ("_exported", "_functions", "_serializer", "id", "name")

    def __init__(self, serializer: Serializer, functions: Crossing) -> None:
        self.name = serializer.name
        self.id = serializer.id
        self._serializer = serializer
        self._functions = functions
        self._exported: list[str] = []

    def dumps(self, value: Any) -> bytes:
        """Return the bytes of *value*; if that fails, no function was exported."""
        return self._write(self._serializer.dumps, value)

    def dumps_call(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
    ) -> bytes:
        """Return the bytes of a call; if that fails, no function was exported."""
        return self._write(self._serializer.dumps_call, object_id, method, args, kwargs)

    def dumps_beside(self, value: Any, beside: list[Any]) -> bytes:
        """Return the bytes of *value*, likewise, of which some may go beside the text."""
        return self._write(beside_of(self._serializer).dumps_beside, value, beside)

    def dumps_call_beside(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        beside: list[Any],
    ) -> bytes:
        """Return the bytes of a call, likewise, of which some may go beside the text."""
        write = beside_of(self._serializer).dumps_call_beside
        return self._write(write, object_id, method, args, kwargs, beside)

    def loads_beside(self, data: bytes, buffers: Sequence[Any]) -> Any:
        """Return the value of *data* and *buffers*, functions included."""
        read = beside_of(self._serializer).loads_beside
        return self._under(self._functions, read, data, buffers)

    def loads_call_beside(
        self, data: bytes, buffers: Sequence[Any]
    ) -> tuple[str, str, Sequence[Any], dict[str, Any] | None]:
        """Return the parts of a call and *buffers*, functions included."""
        read = beside_of(self._serializer).loads_call_beside
        return self._under(self._functions, read, data, buffers)

    def loads(self, data: bytes) -> Any:
        """Return the value of *data*, functions included."""
        return self._under(self._functions, self._serializer.loads, data)

    def loads_call(
        self, data: bytes
    ) -> tuple[str, str, Sequence[Any], dict[str, Any] | None]:
        """Return the parts of a call, functions included."""
        return self._under(self._functions, self._serializer.loads_call, data)

    def retract(self) -> None:
        """Undo every export: what was written will not be sent."""
        for function_id in self._exported:
            self._functions.retract(function_id)
        self._exported.clear()

    def export(self, function: Any) -> str:
        """Return the id of *function*, and note it."""
        function_id = self._functions.export(function)
        self._exported.append(function_id)
        return function_id

    def stub(self, function_id: str) -> Any:
        """Return what calls the function of the other side that has this id."""
        return self._functions.stub(function_id)

    def _write(self, write: Callable[P, bytes], *args: P.args, **kwargs: P.kwargs) -> bytes:
        try:
            return self._under(self, write, *args, **kwargs)
        except BaseException:
            self.retract()
            raise

    @staticmethod
    def _under(
        functions: Exporter, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        token = crossing.set(functions)
        try:
            return work(*args, **kwargs)
        finally:
            crossing.reset(token)


def make_codecs(
    classes: ClassTable,
    settings: Settings,
    *,
    numbers: Mapping[str, int] | None = None,
    tags: Tags | None = None,
) -> Codecs:
    """Return all serializers, as *settings* say.

    Args:
        classes: How objects travel that are not plain data.
        settings: How deep values may nest, how many a message may hold, and how serpent
            writes bytes.
        numbers: The serializers' ids by name; by default those of protocol 502.
        tags: What peers call classes; by default as in protocol 502.
    """
    if tags is not classes.tags:
        classes = TaggedTable(classes, tags or Tags())
    serializers = make_serializers(
        classes,
        max_depth=settings.max_depth,
        max_elements=settings.max_elements,
        bytes_repr=settings.bytes_repr,
        numbers=numbers,
    )
    return Codecs(classes, serializers, values=settings.values)


def _extended(serializer: Serializer, table: ExtendedTable) -> BesideSerializer:
    """Return what stands for *serializer* where ``values`` is in force, and ``buffers``."""
    if isinstance(serializer, Codec):
        return serializer.extended(table)
    return _Alone(serializer)


class _Alone:
    """A serializer of a user, which knows neither values nor buffers.

    Args:
        serializer: It.
    """

    __slots__ = ("dumps", "dumps_call", "id", "loads", "loads_call", "name")

    def __init__(self, serializer: Serializer) -> None:
        self.name = serializer.name
        self.id = serializer.id
        self.dumps = serializer.dumps
        self.dumps_call = serializer.dumps_call
        self.loads = serializer.loads
        self.loads_call = serializer.loads_call

    def dumps_beside(self, value: Any, beside: list[Any]) -> bytes:
        return self.dumps(value)

    def dumps_call_beside(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        beside: list[Any],
    ) -> bytes:
        return self.dumps_call(object_id, method, args, kwargs)

    def loads_beside(self, data: bytes, buffers: Sequence[Any]) -> Any:
        return self.loads(data)

    def loads_call_beside(
        self, data: bytes, buffers: Sequence[Any]
    ) -> tuple[str, str, Sequence[Any], dict[str, Any] | None]:
        return self.loads_call(data)


def _dump(serializer: Serializer, value: Any, beside: list[Any] | None) -> bytes:
    if beside is None:
        return serializer.dumps(value)
    return beside_of(serializer).dumps_beside(value, beside)


def beside_of(serializer: Serializer) -> BesideSerializer:
    """Return a serializer of extended codecs as what it is."""
    return cast(BesideSerializer, serializer)
