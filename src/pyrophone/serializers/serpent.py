"""The serpent format: a header line and one Python literal, in UTF-8. Id 1.

Written compactly, as in ``(1,'a',{'k':[2.5,None]})``. What has no literal goes
as a mapping: bytes as base64, not-a-number and objects as class forms.

Reading is done three times over, in the order of how often it is what comes: short
calls and values at one glance, then what writers emit, in :mod:`.tokens`, then the
whole grammar, in :mod:`.literals`.

Source: ``docs/reference/wire.md``, serpent.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import SerializeError
from .base import DEFAULT_MAX_DEPTH, DEFAULT_MAX_ELEMENTS, Codec
from .classes import NO_FORM, ClassTable
from .exceptions import class_name
from .plain import plain_form
from .tokens import HEADER, NO_VALUE, Reader, flat_call, flat_value

__all__ = ["SerpentSerializer"]

_REPR_IS_TEXT = frozenset({str, int, bool, type(None)})
_NAN = "{'__class__':'float','value':'nan'}"
_FLOAT_TEXTS = {"inf": "1e30000", "-inf": "-1e30000", "nan": _NAN}
_quote = str.__repr__  # that of a subclass may say anything


class SerpentSerializer(Codec):
    """Writes and reads serpent texts. See :class:`.base.Codec`.

    Args:
        classes: Converts what is not plain data.
        max_depth: How deep values may nest.
        max_elements: How many values a message may hold, in reading.
        bytes_repr: Write bytes as literals instead of base64 mappings.
        number: Its id, if it is not that of protocol 502.

    Attributes:
        bytes_repr: Likewise; may be changed at any time.
    """

    __slots__ = ("bytes_repr",)

    name = "serpent"
    number = 1

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
        self.bytes_repr = bytes_repr

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
        return super().dumps(value)

    def dumps_call(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
    ) -> bytes:
        """Return the bytes of a call; see :class:`.base.Serializer`."""
        if (
            type(args) is tuple
            and not kwargs
            and kwargs is not None
            and _REPR_IS_TEXT.issuperset(map(type, args))
        ):
            try:
                flat = ",".join(map(repr, args)) + "," * (len(args) == 1)
                head = f"{HEADER}({_quote(object_id)},{_quote(method)},"
                return f"{head}({flat}),{{}})".encode()
            except ValueError:
                pass
        return super().dumps_call(object_id, method, args, kwargs)

    def loads(self, data: bytes) -> Any:
        """Return the value of *data*; see :class:`.base.Serializer`."""
        value = flat_value(data)
        return super().loads(data) if value is NO_VALUE else value

    def loads_call(
        self, data: bytes
    ) -> tuple[str, str, Sequence[Any], dict[str, Any] | None]:
        """Return the parts of a call; see :class:`.base.Serializer`."""
        return flat_call(data) or super().loads_call(data)

    def _write(self, value: Any, depth: int) -> bytes:
        return (HEADER + self._text(value, depth)).encode()

    def _write_call(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
    ) -> bytes:
        depth = self._max_depth + 1
        keywords = self._text(kwargs, depth) if kwargs != {} else "{}"
        return (
            f"{HEADER}({_quote(object_id)},{_quote(method)},"
            f"{self._text(args, depth)},{keywords})"
        ).encode()

    def _read(self, data: bytes, depth: int) -> tuple[Any, bool]:
        reader = Reader(data, depth, self._max_elements)
        return reader.read(), reader.has_forms

    def _text(self, value: Any, depth: int) -> str:
        """Return the text of *value*, which may have *depth* more levels."""
        kind = type(value)
        if kind in _REPR_IS_TEXT:
            return repr(value)
        if kind is float:
            text = repr(value)
            return text if text[-1] not in "fn" else _FLOAT_TEXTS[text]
        if depth <= 0 and kind in (dict, list, tuple, set, frozenset):
            raise SerializeError(f"nested deeper than {self._max_depth} levels")
        depth -= 1
        write, simple = self._text, _REPR_IS_TEXT
        if kind is dict:
            return "{" + ",".join([
                f"{key!r}:{item!r}"
                if type(key) is str and type(item) in simple
                else f"{self._key(key, depth)}:{write(item, depth)}"
                for key, item in value.items()
            ]) + "}"  # fmt: skip
        if kind is list or kind is tuple:
            texts = [repr(v) if type(v) in simple else write(v, depth) for v in value]
            text = ",".join(texts)
            if kind is list:
                return f"[{text}]"
            return f"({text})" if len(value) != 1 else f"({text},)"
        if kind is set or kind is frozenset:
            text = ",".join([self._key(item, depth) for item in value])
            return f"{{{text}}}" if text else "()"
        return self._other(value, depth + 1)

    def _other(self, value: Any, depth: int) -> str:
        if type(value) is bytes:
            if self.bytes_repr:
                return repr(value)
            return f"{{'data': '{base64.b64encode(value).decode()}', 'encoding': 'base64'}}"
        if type(value) is complex:
            return _complex_text(value)
        form = self._classes.registered_form(value)
        if form is NO_FORM:
            form = plain_form(value)
        if form is NO_FORM and not isinstance(value, BaseException):
            form = self._classes.own_state(value)
            if isinstance(form, Mapping) and "__class__" not in form:
                form = {**form, "__class__": class_name(type(value))}
        if form is NO_FORM:
            form = self._classes.generic_form(value)
        return self._text(form, depth)

    def _key(self, key: Any, depth: int) -> str:
        """Return the text of a mapping's key or a set's element."""
        kind = type(key)
        if kind is str or kind is int or kind is bool:
            return repr(key)
        if kind is tuple:
            if depth <= 0:
                raise SerializeError(f"nested deeper than {self._max_depth} levels")
            inner = ["None" if v is None else self._key(v, depth - 1) for v in key]
            text = ",".join(inner)
            return f"({text})" if len(key) != 1 else f"({text},)"
        if kind is bytes:
            return repr(key)  # a mapping could not be a key again
        if kind is complex or (kind is float and key == key):
            return self._text(key, depth)
        plain = plain_form(key)
        if plain is NO_FORM:
            what = repr(key) if key is None or kind is float else f"a {kind.__name__}"
            raise SerializeError(f"{what} can't be a key or an element of a set")
        return self._key(plain, depth)


def _complex_text(value: complex) -> str:
    real, imaginary = repr(value.real), repr(value.imag)
    if "nan" in (real, imaginary):
        raise SerializeError("a complex number that is not-a-number")
    imaginary = _FLOAT_TEXTS.get(imaginary, imaginary)
    sign = "" if imaginary[0] == "-" else "+"
    return f"({_FLOAT_TEXTS.get(real, real)}{sign}{imaginary}j)"
