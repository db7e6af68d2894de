"""MessagePack, by the library ``msgpack``. Id 4.

Tuples and sets become arrays, and arrive as lists. Extension types carry complex
numbers, integers beyond 64 bits, date-times without zone, and dates.

Source: ``docs/reference/wire.md``, msgpack.
"""

from __future__ import annotations

import datetime
import numbers
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgpack

from ..errors import SerializeError
from .base import (
    CALL_DEPTH,
    DEFAULT_MAX_DEPTH,
    DEFAULT_MAX_ELEMENTS,
    Codec,
    check_depth,
    too_many,
)
from .classes import NO_FORM, ClassTable
from .crowds import check_keys
from .extended import ExtendedTable
from .passages import Flattening
from .plain import Preparation, plain_form

__all__ = ["MsgpackSerializer"]

_COMPLEX = 0x30
_INTEGER = 0x31
_DATETIME = 0x32
_DATE = 0x33
_ATOMS: frozenset[type] = frozenset(
    {str, int, float, complex, bytes, bool, type(None), msgpack.ExtType, msgpack.Timestamp}
)
# Where the feature "values" is in force; what came from a user as an extension stays one.
_LITERALS: frozenset[type] = _ATOMS - {msgpack.Timestamp}
_KEYS: frozenset[type] = frozenset({str, bytes, bool, float, type(None)})
_TWO_DOUBLES = struct.Struct("<dd")
_DOUBLE = struct.Struct("<d")
_LONG = struct.Struct("<q")
_LARGE_ARRAYS = (b"\xdc", b"\xdd")
_MAY_BE_EXTENSION = re.compile(b"[\xc7-\xc9\xd4-\xd8]")


class MsgpackSerializer(Codec):
    """Writes and reads MessagePack. See :class:`.base.Codec`.

    A subclass can have extension types of its own: it overrides :meth:`replace` for
    writing, :meth:`read_extension` and :meth:`read_mapping` for reading.

    Args:
        classes: Converts what is not plain data.
        max_depth: How deep values may nest.
        max_elements: How many values a message may hold.
        number: Its id, if it is not that of protocol 502.
    """

    name = "msgpack"
    number = 4
    has_values = True

    __slots__ = ("_preparation", "_table")

    def __init__(
        self,
        classes: ClassTable,
        *,
        max_depth: int = DEFAULT_MAX_DEPTH,
        max_elements: int = DEFAULT_MAX_ELEMENTS,
        number: int | None = None,
    ) -> None:
        super().__init__(
            classes, max_depth=max_depth, max_elements=max_elements, number=number
        )
        own = type(self).replace is not MsgpackSerializer.replace
        self._preparation = Preparation(
            classes,
            _ATOMS,
            max_depth,
            special=_special,
            replace=self.replace if own else None,
        )
        self._table = classes if isinstance(classes, ExtendedTable) else None

    def replace(self, value: Any) -> Any:
        """Return what to write for *value*, of a type that msgpack doesn't know.

        That may be a ``msgpack.ExtType``, or plain values, also with such types in them.
        """
        return self._preparation.replace(value)

    def read_extension(self, code: int, data: bytes) -> Any:
        """Return the value of an extension type.

        Raises:
            SerializeError: It is unknown, or malformed.
        """
        return _read_extension(code, data)

    def read_mapping(self, mapping: dict[Any, Any]) -> Any:
        """Return what a mapping, whose values are read, stands for: for most, itself."""
        return self._classes.from_form(mapping) if "__class__" in mapping else mapping

    def _write(self, value: Any, depth: int, beside: list[Any] | None = None) -> bytes:
        if self._table is not None:
            flat = self._flattening(self._table, beside).flat(value, depth)
        else:
            flat = self._preparation.prepare(value, depth)
        return self._within(_pack(flat), flat)

    def _flattening(self, table: ExtendedTable, beside: list[Any] | None) -> Flattening:
        return Flattening(table.outlet(beside), _LITERALS, _is_key, self._max_depth)

    def _write_call(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        beside: list[Any] | None = None,
    ) -> bytes:
        depth = self._max_depth + CALL_DEPTH
        if self._table is None:
            return self._write((object_id, method, args, kwargs), depth)
        flattening = self._flattening(self._table, beside)
        keywords = None if kwargs is None else flattening.mapping(kwargs, depth - 1)
        call = (object_id, method, flattening.items(args, depth - 1), keywords)
        return self._within(_pack(call), call)

    def _read(self, data: bytes, depth: int) -> tuple[Any, bool]:
        data = bytes(data)
        if any(code in data for code in _LARGE_ARRAYS):
            _check_shape(data)
        # Without extensions no more than 220 keys have one hash.
        watch = _watched if _MAY_BE_EXTENSION.search(data) else None
        hooks: dict[str, Any] = {"object_pairs_hook": watch}
        if len(data) > self._max_elements:
            hooks = _counting(self._max_elements, watch)
        try:
            value = msgpack.unpackb(
                data, strict_map_key=False, ext_hook=self.read_extension, **hooks
            )
        except ValueError as error:
            if "max_array_len" in str(error) or "max_map_len" in str(error):
                raise too_many(self._max_elements) from error
            raise
        except msgpack.UnpackException as error:  # not all of them are ValueErrors
            raise SerializeError(
                f"not msgpack data: {error or type(error).__name__}"
            ) from error
        check_depth(value, depth)
        if self._table is not None:
            return value, b"__class__" in data
        own = type(self).read_mapping is not MsgpackSerializer.read_mapping
        return self._convert(value) if own or b"__class__" in data else value, False

    def _convert(self, value: Any) -> Any:
        """Return *value* with the mappings in it converted, from the bottom up."""
        if type(value) is list:
            for index, item in enumerate(value):
                if type(item) is dict or type(item) is list:
                    value[index] = self._convert(item)
        elif type(value) is dict:
            for key, item in value.items():
                if type(item) is dict or type(item) is list:
                    value[key] = self._convert(item)
            return self.read_mapping(value)
        return value


def _watched(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    check_keys([key for key, _ in pairs])
    return dict(pairs)


def _counting(
    max_elements: int, watch: Callable[[list[tuple[Any, Any]]], dict[Any, Any]] | None
) -> dict[str, Any]:
    """Return what makes the library refuse to build more than so many values."""
    left = max_elements - 1

    def count(container: Any, values: int = 1) -> Any:
        nonlocal left
        left -= len(container) * (2 if type(container) is dict else values)
        if left < 0:
            raise too_many(max_elements)
        return container

    # The hooks are asked when a container is complete; these hold while it grows.
    return {
        "list_hook": count,
        "object_hook": None if watch else count,
        "object_pairs_hook": watch and (lambda pairs: watch(count(pairs, 2))),
        "max_array_len": left,
        "max_map_len": left // 2,
    }


def _pack(value: Any) -> bytes:
    packed: bytes = msgpack.packb(value, use_bin_type=True, default=_number)
    return packed


def _is_key(value: Any) -> bool:
    kind = type(value)
    return kind in _KEYS or (kind is int and -(1 << 63) <= value < 1 << 64)


def _check_shape(data: bytes) -> None:
    """Refuse data that ends early, before any of it is built.

    The library makes room for the announced items of every array it is inside
    of, so nested announcements would take memory of a far higher order.
    """
    unpacker = msgpack.Unpacker(max_buffer_size=len(data))
    unpacker.feed(data)
    try:
        unpacker.skip()
    except msgpack.OutOfData as error:
        raise SerializeError("not msgpack data: it ends early") from error
    except msgpack.UnpackException as error:
        raise SerializeError(
            f"not msgpack data: {error or type(error).__name__}"
        ) from error


def _special(value: Any) -> Any:
    """Return the extension for a date or date-time; refuse what has none."""
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            raise SerializeError("a datetime with time zone can't travel by msgpack")
        return msgpack.ExtType(_DATETIME, _DOUBLE.pack(value.timestamp()))
    if isinstance(value, datetime.date):
        return msgpack.ExtType(_DATE, _LONG.pack(value.toordinal()))
    if isinstance(value, numbers.Number) and plain_form(value) is NO_FORM:
        raise SerializeError(f"{type(value).__name__} object")
    return NO_FORM


def _number(value: Any) -> Any:
    """Return the extension for a number that the library does not know."""
    if type(value) is complex:
        return msgpack.ExtType(_COMPLEX, _TWO_DOUBLES.pack(value.real, value.imag))
    if type(value) is int:
        return msgpack.ExtType(_INTEGER, str(value).encode())
    raise SerializeError(f"{type(value).__name__} object")


def _read_extension(code: int, data: bytes) -> Any:
    try:
        if code == _COMPLEX:
            return complex(*_TWO_DOUBLES.unpack(data))
        if code == _INTEGER:
            return int(data.decode("ascii"))
        if code == _DATETIME:
            return datetime.datetime.fromtimestamp(_DOUBLE.unpack(data)[0])
        if code == _DATE and len(data) in (4, 8):
            return datetime.date.fromordinal(int.from_bytes(data, "little", signed=True))
    except (ValueError, OverflowError, OSError, struct.error) as error:
        raise SerializeError(f"malformed msgpack extension {code:#x}: {error}") from error
    raise SerializeError(f"unsupported msgpack extension {code:#x}")
