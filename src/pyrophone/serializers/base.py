"""What the serializers share: the protocol, the shape of calls, limits, and error texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ..errors import SecurityError, SerializeError
from .classes import ClassTable
from .exceptions import safe_text
from .plain import holds_more, unwritable, unwritable_call

__all__ = [
    "CALL_DEPTH",
    "DEFAULT_MAX_DEPTH",
    "DEFAULT_MAX_ELEMENTS",
    "BesideSerializer",
    "Codec",
    "Serializer",
    "check_depth",
    "too_many",
]

DEFAULT_MAX_DEPTH = 200
DEFAULT_MAX_ELEMENTS = 10_000_000
CALL_DEPTH = 2  # levels that the layout of a call adds to its arguments

_UNREADABLE = (TypeError, ValueError, RecursionError, MemoryError, OverflowError)


class Serializer(Protocol):
    """Turns values and calls into bytes, and back.

    Reading any bytes returns a value or raises one of the two errors below,
    with time and memory linear in their number, but for what :mod:`.crowds` says
    of keys; it runs nothing but the converters of the class table.
    """

    @property
    def name(self) -> str:
        """What settings call it, ``serpent``."""

    @property
    def id(self) -> int:
        """Its number in a message's header."""

    def dumps(self, value: Any) -> bytes:
        """Return the bytes of *value*.

        Raises:
            SerializeError: Something in it can't travel; the text says what and where.
        """

    def loads(self, data: bytes) -> Any:
        """Return the value of *data*; any bytes-like object will do.

        Raises:
            SerializeError: The bytes are malformed, or of an unknown class.
            SecurityError: They ask for a class that must not be made.
        """

    def dumps_call(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
    ) -> bytes:
        """Return the bytes of a call; errors like :meth:`dumps`."""

    def loads_call(
        self, data: bytes
    ) -> tuple[str, str, Sequence[Any], dict[str, Any] | None]:
        """Return object id, method, arguments and keywords; errors like :meth:`loads`."""


class BesideSerializer(Serializer, Protocol):
    """A serializer of which a part of the data goes beside the text, as it is in memory.

    That is done where the feature ``buffers`` is in force. What goes beside is a view of
    bytes, in one piece. Those of ``bytes`` arrive as such, others as a ``bytearray``.
    """

    def dumps_beside(self, value: Any, beside: list[Any], /) -> bytes:
        """Return the bytes of *value*, less those that are appended to *beside*."""

    def dumps_call_beside(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        beside: list[Any],
    ) -> bytes:
        """Return the bytes of a call, likewise."""

    def loads_beside(self, data: bytes, buffers: Sequence[Any]) -> Any:
        """Return the value of *data*, to which *buffers* belong."""

    def loads_call_beside(
        self, data: bytes, buffers: Sequence[Any]
    ) -> tuple[str, str, Sequence[Any], dict[str, Any] | None]:
        """Return the parts of a call, to which *buffers* belong."""


class Codec:
    """Base of our serializers: the errors of reading and writing, and class forms.

    Args:
        classes: Converts what is not plain data.
        max_depth: How deep values may nest; a call's layout does not count.
        max_elements: How many values a message may hold, containers and keys counted.
        number: Its id, if it is not that of protocol 502.
    """

    __slots__ = ("_classes", "_max_depth", "_max_elements", "id")

    name = ""
    number = 0  # its id in protocol 502

    def __init__(
        self,
        classes: ClassTable,
        *,
        max_depth: int = DEFAULT_MAX_DEPTH,
        max_elements: int = DEFAULT_MAX_ELEMENTS,
        number: int | None = None,
    ) -> None:
        self.id = self.number if number is None else number
        self._classes = classes
        self._max_depth = max_depth
        self._max_elements = max_elements

    def extended(self, classes: ClassTable) -> BesideSerializer:
        """Return one for peers that know the feature ``values``, with their class table.

        It is this one if the class has no ``has_values`` of its own: a subclass may
        have changed what a format that has values does.
        """
        if "has_values" not in vars(type(self)):
            return self
        return type(self)(
            classes,
            max_depth=self._max_depth,
            max_elements=self._max_elements,
            number=self.id,
        )

    def dumps(self, value: Any) -> bytes:
        """Return the bytes of *value*; see :class:`Serializer`."""
        return self.dumps_beside(value, None)

    def dumps_beside(self, value: Any, beside: list[Any] | None) -> bytes:
        """Return the bytes of *value*; see :class:`BesideSerializer`."""
        try:
            return self._write(value, self._max_depth, beside)
        except SecurityError:
            raise
        except Exception as error:  # the objects' own code ran
            raise unwritable(value, error, self.dumps_part, self._classes) from error

    def dumps_call(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
    ) -> bytes:
        """Return the bytes of a call; see :class:`Serializer`."""
        return self.dumps_call_beside(object_id, method, args, kwargs, None)

    def dumps_call_beside(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        beside: list[Any] | None,
    ) -> bytes:
        """Return the bytes of a call; see :class:`BesideSerializer`."""
        try:
            return self._write_call(object_id, method, args, kwargs, beside)
        except SecurityError:
            raise
        except Exception as error:  # the objects' own code ran
            raise unwritable_call(
                args, kwargs, error, self.dumps_part, self._classes
            ) from error

    def loads(self, data: bytes) -> Any:
        """Return the value of *data*; see :class:`Serializer`."""
        return self.loads_beside(data, ())

    def loads_beside(self, data: bytes, buffers: Sequence[Any]) -> Any:
        """Return the value of *data*; see :class:`BesideSerializer`."""
        try:
            value, has_forms = self._read(data, self._max_depth)
            return self._classes.reviver(buffers)(value) if has_forms else value
        except (SerializeError, SecurityError):
            raise
        except _UNREADABLE as error:
            raise _unreadable(error, self.name) from error

    def loads_call(
        self, data: bytes
    ) -> tuple[str, str, Sequence[Any], dict[str, Any] | None]:
        """Return object id, method, arguments and keywords; see :class:`Serializer`."""
        return self.loads_call_beside(data, ())

    def loads_call_beside(
        self, data: bytes, buffers: Sequence[Any]
    ) -> tuple[str, str, Sequence[Any], dict[str, Any] | None]:
        """Return the parts of a call; see :class:`BesideSerializer`."""
        try:
            parts, has_forms = self._read_call(data, self._max_depth + CALL_DEPTH)
            object_id, method, args, kwargs = _check_call(parts)
            if has_forms:
                revive = self._classes.reviver(buffers)
                args = revive(args)
                for name, value in (kwargs or {}).items():
                    kwargs[name] = revive(value)  # type: ignore[index]
            return object_id, method, args, kwargs
        except (SerializeError, SecurityError):
            raise
        except _UNREADABLE as error:
            raise _unreadable(error, self.name) from error

    def dumps_part(self, value: Any) -> None:
        """Write *value*, or raise what is wrong with it, without saying where."""
        self._write(value, self._max_depth)

    def _within(self, data: bytes, value: Any) -> bytes:
        """Return *data*, what a library wrote for *value*, if it may be read again."""
        most = self._max_elements  # there may be a value for each byte
        if len(data) > most and holds_more(value, most):
            raise too_many(most)
        return data

    def _write(self, value: Any, depth: int, beside: list[Any] | None = None) -> bytes:
        """Return the bytes of *value*, which may have *depth* levels."""
        raise NotImplementedError

    def _write_call(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        beside: list[Any] | None = None,
    ) -> bytes:
        """Return the bytes of a call."""
        raise NotImplementedError

    def _read(self, data: bytes, depth: int) -> tuple[Any, bool]:
        """Return the value of *data*, and whether class forms may be in it."""
        raise NotImplementedError

    def _read_call(self, data: bytes, depth: int) -> tuple[Any, bool]:
        """Return the four parts of a call, not checked yet, and as :meth:`_read`."""
        return self._read(data, depth)


def _check_call(parts: Any) -> tuple[str, str, Sequence[Any], dict[str, Any] | None]:
    """Return *parts*, or raise SerializeError if they are not the four of a call."""
    if type(parts) not in (tuple, list) or len(parts) != 4:
        raise SerializeError("malformed call: not a sequence of four")
    object_id, method, args, kwargs = parts
    if type(object_id) is not str or type(method) is not str:
        raise SerializeError("malformed call: object and method must be strings")
    if type(args) not in (tuple, list):
        raise SerializeError(f"malformed call: arguments are {type(args).__name__}")
    if kwargs is not None and type(kwargs) is not dict:
        raise SerializeError(f"malformed call: keywords are {type(kwargs).__name__}")
    for name in kwargs or ():
        if type(name) is not str:
            raise SerializeError(f"malformed call: keyword {name!r:.80} is no string")
    return object_id, method, args, kwargs


def check_depth(value: Any, max_depth: int) -> None:
    """Raise SerializeError if lists and mappings nest deeper than *max_depth*."""
    level = [value] if type(value) is dict or type(value) is list else []
    for _ in range(max_depth):
        if not level:
            return
        inner: list[Any] = []
        for container in level:
            inner += container.values() if type(container) is dict else container
        level = [item for item in inner if type(item) is dict or type(item) is list]
    if level:
        raise SerializeError(f"nested deeper than {max_depth} levels")


def too_many(max_elements: int) -> SerializeError:
    """Return what to raise where a message holds more than *max_elements* values."""
    return SerializeError(f"more than {max_elements} values")


def _unreadable(error: BaseException, name: str) -> SerializeError:
    if isinstance(error, RecursionError):
        return SerializeError(f"not {name} data: nested too deeply")
    return SerializeError(f"not {name} data: {safe_text(error) or type(error).__name__}")
