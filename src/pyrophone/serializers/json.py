"""JSON, in UTF-8. Id 3.

Tuples and sets become arrays, keys their text. Bytes and complex numbers can't
travel. The tokens ``NaN``, ``Infinity`` and ``-Infinity`` are written and read.

Source: ``docs/reference/wire.md``, json.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import SerializeError
from .base import (
    CALL_DEPTH,
    DEFAULT_MAX_DEPTH,
    DEFAULT_MAX_ELEMENTS,
    Codec,
    check_depth,
    too_many,
)
from .classes import ClassTable
from .extended import ExtendedTable
from .passages import Flattening
from .plain import Preparation

__all__ = ["JsonSerializer"]

_ATOMS: frozenset[type] = frozenset({str, int, float, bool, type(None)})
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False)
_MARKS = ",:[{"
# A string, or a mark that a value follows.
_PLACE = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[,:]|[\[{](?!\s*+[\]}])', re.DOTALL)


class JsonSerializer(Codec):
    """Writes and reads JSON. See :class:`.base.Codec`.

    Args:
        classes: Converts what is not plain data.
        max_depth: How deep values may nest.
        max_elements: How many values a message may hold.
        number: Its id, if it is not that of protocol 502.
    """

    name = "json"
    number = 3
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
        self._preparation = Preparation(classes, _ATOMS, max_depth)
        self._table = classes if isinstance(classes, ExtendedTable) else None

    def _write(self, value: Any, depth: int, beside: list[Any] | None = None) -> bytes:
        if self._table is not None:
            flat = self._flattening(self._table, beside).flat(value, depth)
        else:
            flat = self._preparation.prepare(value, depth)
        return self._within(_ENCODER.encode(flat).encode(), flat)

    def _flattening(self, table: ExtendedTable, beside: list[Any] | None) -> Flattening:
        outlet = table.outlet(beside, binary=False)
        return Flattening(outlet, _ATOMS, _is_key, self._max_depth)

    def _write_call(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        beside: list[Any] | None = None,
    ) -> bytes:
        depth = self._max_depth + CALL_DEPTH
        call = {"object": object_id, "method": method, "params": args, "kwargs": kwargs}
        if self._table is None:
            return self._write(call, depth)
        flattening = self._flattening(self._table, beside)
        call["params"] = flattening.items(args, depth - 1)
        if kwargs is not None:
            call["kwargs"] = flattening.mapping(kwargs, depth - 1)
        return self._within(_ENCODER.encode(call).encode(), call)

    def _read(self, data: bytes, depth: int) -> tuple[Any, bool]:
        text = str(data, "utf-8")
        if len(text) > self._max_elements:  # there may be a value for each character
            _check_count(text, self._max_elements)
        value = json.loads(text)
        if text.count("[") + text.count("{") > depth:
            check_depth(value, depth)
        return value, "__class__" in text or "\\u" in text

    def _read_call(self, data: bytes, depth: int) -> tuple[Any, bool]:
        call, has_forms = self._read(data, depth)
        if type(call) is not dict:
            raise SerializeError("malformed call: not an object")
        for key in ("object", "method", "params", "kwargs"):
            if key not in call:
                raise SerializeError(f"malformed call: {key!r} is missing")
        parts = call["object"], call["method"], call["params"], call["kwargs"]
        return parts, has_forms


def _is_key(value: Any) -> bool:
    return type(value) is str


def _check_count(text: str, max_elements: int) -> None:
    """Refuse a text of too many values before any of them is built."""
    if sum(map(text.count, _MARKS)) < max_elements:
        return
    left = max_elements
    for place in _PLACE.finditer(text):
        left -= place[0] in _MARKS
        if left <= 0:
            raise too_many(max_elements)
