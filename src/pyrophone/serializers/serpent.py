"""The serpent format: a header line and one Python literal, in UTF-8. Id 1.

Written compactly, as in ``(1,'a',{'k':[2.5,None]})``. What has no literal goes
as a mapping: bytes as base64, not-a-number and objects as class forms.

Reading is done three times over, in the order of how often it is what comes: short
calls and values at one glance, then what writers emit, in :mod:`.tokens`, then the
whole grammar, in :mod:`.literals`. Writing is in :mod:`.scribe`.

Source: ``docs/reference/wire.md``, serpent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .base import DEFAULT_MAX_DEPTH, DEFAULT_MAX_ELEMENTS, Codec
from .classes import NO_FORM, ClassTable
from .exceptions import class_name
from .extended import ExtendedTable
from .plain import plain_form
from .scribe import Rules, Writer, flat_call_bytes
from .tokens import HEADER, NO_VALUE, Reader, flat_call, flat_value

__all__ = ["SerpentSerializer"]

_REPR_IS_TEXT = frozenset({str, int, bool, type(None)})


class SerpentSerializer(Codec):
    """Writes and reads serpent texts. See :class:`.base.Codec`.

    Args:
        classes: Converts what is not plain data.
        max_depth: How deep values may nest.
        max_elements: How many values a message may hold.
        bytes_repr: Write bytes as literals instead of base64 mappings.
        number: Its id, if it is not that of protocol 502.
    """

    __slots__ = ("_rules", "_table")

    name = "serpent"
    number = 1
    has_values = True

    def __init__(
        self,
        classes: ClassTable,
        *,
        max_depth: int = DEFAULT_MAX_DEPTH,
        max_elements: int = DEFAULT_MAX_ELEMENTS,
        bytes_repr: bool = False,
        number: int | None = None,
    ) -> None:
        super().__init__(
            classes, max_depth=max_depth, max_elements=max_elements, number=number
        )
        self._table = classes if isinstance(classes, ExtendedTable) else None
        replace = self._replace if self._table is None else self._replace_by_table
        values = self._table is not None
        self._rules = Rules(replace, max_depth, max_elements, bytes_repr, values)

    @property
    def bytes_repr(self) -> bool:
        """Whether bytes are written as literals; may be changed at any time."""
        return self._rules.bytes_repr

    @bytes_repr.setter
    def bytes_repr(self, value: bool) -> None:
        self._rules.bytes_repr = value

    # What follows is on the path of every call. A function that is called there costs
    # more than its work: right after a switch between two processes, most of the time
    # goes into fetching code (bench/run.py, "call"). So each does all of the common
    # case by itself, and leaves the rest to its parent.

    def dumps(self, value: Any) -> bytes:
        """Return the bytes of *value*; see :class:`.base.Serializer`."""
        if type(value) in _REPR_IS_TEXT:
            try:
                return (HEADER + repr(value)).encode()
            except ValueError:  # an integer too long for a text; said below
                pass
        return super().dumps_beside(value, None)

    def dumps_beside(self, value: Any, beside: list[Any] | None) -> bytes:
        """Return the bytes of *value*; see :class:`.base.BesideSerializer`."""
        if type(value) in _REPR_IS_TEXT:
            try:
                return (HEADER + repr(value)).encode()
            except ValueError:
                pass
        return super().dumps_beside(value, beside)

    def dumps_call(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
    ) -> bytes:
        """Return the bytes of a call; see :class:`.base.Serializer`."""
        data = flat_call_bytes(object_id, method, args, kwargs)
        if data is not None:
            return data
        return super().dumps_call_beside(object_id, method, args, kwargs, None)

    def dumps_call_beside(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        beside: list[Any] | None,
    ) -> bytes:
        """Return the bytes of a call; see :class:`.base.BesideSerializer`."""
        data = flat_call_bytes(object_id, method, args, kwargs)
        if data is not None:
            return data
        return super().dumps_call_beside(object_id, method, args, kwargs, beside)

    def loads(self, data: bytes) -> Any:
        """Return the value of *data*; see :class:`.base.Serializer`."""
        value = flat_value(data)
        return super().loads(data) if value is NO_VALUE else value

    def loads_call(
        self, data: bytes
    ) -> tuple[str, str, Sequence[Any], dict[str, Any] | None]:
        """Return the parts of a call; see :class:`.base.Serializer`."""
        return flat_call(data) or super().loads_call(data)

    def _write(self, value: Any, depth: int, beside: list[Any] | None = None) -> bytes:
        return Writer(self._rules, beside).write(value, depth)

    def _write_call(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        beside: list[Any] | None = None,
    ) -> bytes:
        depth = self._max_depth + 1
        return Writer(self._rules, beside).write_call(
            object_id, method, args, kwargs, depth
        )

    def _read(self, data: bytes, depth: int) -> tuple[Any, bool]:
        reader = Reader(data, depth, self._max_elements)
        return reader.read(), reader.has_forms

    def _replace(self, value: Any, _: Writer) -> Any:
        """Return what to write for *value*, which is not plain data."""
        form = self._classes.registered_form(value)
        if form is NO_FORM:
            form = plain_form(value)
        if form is NO_FORM and not isinstance(value, BaseException):
            form = self._classes.own_state(value)
            if isinstance(form, Mapping) and "__class__" not in form:
                form = {**form, "__class__": class_name(type(value))}
        return self._classes.generic_form(value) if form is NO_FORM else form

    def _replace_by_table(self, value: Any, writer: Writer) -> Any:
        """Likewise, for peers that know the feature ``values``."""
        assert self._table is not None
        return self._table.outlet(writer.beside).replace(value)
