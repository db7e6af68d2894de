"""CPython's marshal format, version 4. Id 2.

Written by CPython, after every value in it was made plain. Read by our own
reader, because CPython's trusts its input: it can be made to crash, to allocate
gigabytes by five bytes, and to build code objects.

Source: ``docs/reference/wire.md``, marshal.
"""

from __future__ import annotations

import marshal
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import SerializeError
from .base import (
    CALL_DEPTH,
    DEFAULT_MAX_DEPTH,
    DEFAULT_MAX_ELEMENTS,
    Codec,
    too_many,
)
from .classes import ClassTable
from .crowds import MOST_ALIKE, Crowd, check_keys
from .plain import Preparation

__all__ = ["MarshalSerializer"]

_VERSION = 4
_ATOMS: frozenset[type] = frozenset({str, int, float, complex, bytes, bool, type(None)})
_REFERENCE_FLAG = 0x80
# Back-references share what they refer to. Whoever walks the result sees it
# anew each time, so their sum is limited too, to so many values a byte.
_MAX_SHARING = 100
_UNFINISHED = object()

_I32 = struct.Struct("<i")
_U32 = struct.Struct("<I")
_I64 = struct.Struct("<q")
_DOUBLE = struct.Struct("<d")


class MarshalSerializer(Codec):
    """Writes and reads marshal data. See :class:`.base.Codec`.

    Args:
        classes: Converts what is not plain data.
        max_depth: How deep values may nest.
        max_elements: How many values a message may hold.
        number: Its id, if it is not that of protocol 502.
    """

    name = "marshal"
    number = 2

    __slots__ = ("_preparation",)

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
        self._preparation = Preparation(classes, _ATOMS, max_depth, sets=True)

    def _write(self, value: Any, depth: int, beside: list[Any] | None = None) -> bytes:
        prepare = self._preparation.prepare
        # Nobody else may hold what is written: its bytes would tell, as no others do.
        data = marshal.dumps(prepare(value, depth), _VERSION)
        if len(data) <= self._max_elements:
            return data
        return self._within(data, prepare(value, depth))

    def _write_call(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        beside: list[Any] | None = None,
    ) -> bytes:
        call = (object_id, method, list(args) if type(args) is tuple else args, kwargs)
        return self._write(call, self._max_depth + CALL_DEPTH)

    def _read(self, data: bytes, depth: int) -> tuple[Any, bool]:
        reader = _Reader(bytes(data), depth, self._max_elements)
        return reader.read(), reader.has_forms


class _Reader:
    """Reads one value, in time and memory linear in its bytes; of keys see :mod:`.crowds`.

    Attributes:
        has_forms: Whether a mapping with ``__class__`` was among what was read.
    """

    __slots__ = (
        "_data",
        "_deepest",
        "_depth",
        "_max_depth",
        "_max_elements",
        "_position",
        "_references",
        "_values",
        "has_forms",
    )

    def __init__(self, data: bytes, max_depth: int, max_elements: int) -> None:
        self._data = data
        self._position = 0
        self._max_depth = max_depth
        self._max_elements = max_elements
        self._depth = 0
        self._deepest = 0  # depth reached since somebody reset it
        # Values announced, so that those which are still to come in an outer container
        # count when an inner one is read; those behind references count again.
        self._values = 1
        self._references: list[tuple[Any, int, int]] = []  # value, height, values in it
        self.has_forms = False

    def read(self) -> Any:
        value = self._value()
        if self._position != len(self._data):
            raise SerializeError(
                f"not marshal data: more behind the end at {self._position}"
            )
        return value

    def _value(self) -> Any:
        code = self._take(1)[0]
        kind = code & ~_REFERENCE_FLAG
        if kind in _CONSTANTS:
            return _CONSTANTS[kind]
        if kind == ord("r"):
            return self._refer()
        read = _READERS.get(kind)
        if read is None:
            where = self._position - 1
            raise SerializeError(f"not marshal data: type {chr(kind)!r} at {where} refused")
        if not code & _REFERENCE_FLAG:
            return read(self)
        index = len(self._references)
        self._references.append((_UNFINISHED, 0, 0))
        before, outer = self._values, self._deepest
        self._deepest = self._depth
        value = read(self)
        height = self._deepest - self._depth
        self._references[index] = (value, height, self._values - before)
        self._deepest = max(outer, self._deepest)
        return value

    def _refer(self) -> Any:
        index = self._size()
        if index >= len(self._references):
            raise SerializeError(f"not marshal data: back-reference to unknown {index}")
        value, height, values = self._references[index]
        if value is _UNFINISHED:
            raise SerializeError("not marshal data: circular structure")
        self._check_depth(self._depth + height)
        self._values += values
        if self._values > _MAX_SHARING * len(self._data):
            raise SerializeError("not marshal data: too many back-references")
        self._count_values(0)
        return value

    def _check_depth(self, depth: int) -> None:
        if depth > self._max_depth:
            raise SerializeError(f"nested deeper than {self._max_depth} levels")
        self._deepest = max(self._deepest, depth)

    def _count_values(self, more: int) -> None:
        self._values += more
        if self._values > self._max_elements:
            raise too_many(self._max_elements)

    def _take(self, size: int) -> bytes:
        start = self._position
        end = start + size
        if end > len(self._data):
            raise SerializeError(f"not marshal data: {size} bytes at {start} end early")
        self._position = end
        return self._data[start:end]

    def _size(self) -> int:
        size: int = _U32.unpack(self._take(4))[0]
        return size

    def _count(self) -> int:
        """Return a number of items, of which each takes a byte at least."""
        count = self._size()
        if count > len(self._data) - self._position:
            raise SerializeError(
                f"not marshal data: {count} items at {self._position} end early"
            )
        return count

    def _items(self, count: int) -> list[Any]:
        self._depth += 1
        self._check_depth(self._depth)
        self._count_values(count)
        items = [self._value() for _ in range(count)]
        self._depth -= 1
        return items

    def _different(self) -> list[Any]:
        """Return the items of a set."""
        items = self._items(self._count())
        check_keys(items)
        return items

    def _mapping(self) -> dict[Any, Any]:
        self._depth += 1
        self._check_depth(self._depth)
        mapping: dict[Any, Any] = {}
        crowd = Crowd()
        while self._data[self._position : self._position + 1] != b"0":
            self._count_values(2)
            key = self._value()
            mapping[key] = self._value()
            if len(mapping) % MOST_ALIKE == 0:
                crowd.look(mapping)
        if len(mapping) > MOST_ALIKE:
            crowd.look(mapping)
        self._position += 1
        self._depth -= 1
        self.has_forms = self.has_forms or "__class__" in mapping
        return mapping

    def _integer(self) -> int:
        count: int = _I32.unpack(self._take(4))[0]
        digits = struct.unpack(f"<{abs(count)}H", self._take(2 * abs(count)))
        if any(digit >> 15 for digit in digits):
            raise SerializeError("not marshal data: malformed integer")
        # A base that is a power of two is read in linear time.
        value = int("".join([f"{digit:015b}" for digit in reversed(digits)]) or "0", 2)
        return -value if count < 0 else value

    def _float(self) -> float:
        value: float = _DOUBLE.unpack(self._take(8))[0]
        return value

    def _text_float(self) -> float:
        return float(self._take(self._take(1)[0]))


_CONSTANTS = {ord("N"): None, ord("T"): True, ord("F"): False, ord("."): ...}

_READERS: Mapping[int, Callable[[_Reader], Any]] = {
    ord("i"): lambda r: _I32.unpack(r._take(4))[0],
    ord("I"): lambda r: _I64.unpack(r._take(8))[0],
    ord("l"): _Reader._integer,
    ord("g"): _Reader._float,
    ord("f"): _Reader._text_float,
    ord("y"): lambda r: complex(r._float(), r._float()),
    ord("x"): lambda r: complex(r._text_float(), r._text_float()),
    ord("s"): lambda r: r._take(r._size()),
    ord("z"): lambda r: r._take(r._take(1)[0]).decode("ascii"),
    ord("Z"): lambda r: r._take(r._take(1)[0]).decode("ascii"),
    ord("a"): lambda r: r._take(r._size()).decode("ascii"),
    ord("A"): lambda r: r._take(r._size()).decode("ascii"),
    ord("u"): lambda r: r._take(r._size()).decode("utf-8", "surrogatepass"),
    ord("t"): lambda r: r._take(r._size()).decode("utf-8", "surrogatepass"),
    ord(")"): lambda r: tuple(r._items(r._take(1)[0])),
    ord("("): lambda r: tuple(r._items(r._count())),
    ord("["): lambda r: r._items(r._count()),
    ord("{"): _Reader._mapping,
    ord("<"): lambda r: set(r._different()),
    ord(">"): lambda r: frozenset(r._different()),
}
