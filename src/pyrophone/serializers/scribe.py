"""Writing serpent texts: each plain value by its exact type, all else by what replaces it.

The compiled build has ``scribe.pyx`` in its place, which writes the same bytes.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import SerializeError
from .base import too_many
from .classes import NO_FORM
from .passages import THRESHOLD
from .plain import plain_form
from .tokens import HEADER

__all__ = ["Rules", "Writer", "flat_call_bytes"]

_REPR_IS_TEXT = frozenset({str, int, bool, type(None)})
_KEYS = frozenset({str, int, bool, bytes, type(None)})
_CONTAINERS = frozenset({dict, list, tuple, set, frozenset})
_NAN = "{'__class__':'float','value':'nan'}"
_FLOAT_TEXTS = {"inf": "1e30000", "-inf": "-1e30000", "nan": _NAN}
_CALL = 5  # values that the layout of a call adds to what is in its arguments
_quote = str.__repr__  # that of a subclass may say anything


class Rules:
    """How messages are written.

    Attributes:
        replace: Called with an object that is not plain data and the writer, returns
            what to write in its place.
        max_depth: How deep containers may nest.
        max_elements: How many values a message may hold, containers and keys counted.
        bytes_repr: Write bytes as literals, not as base64 mappings.
        values: Let no value become one of another type: *replace* is asked for frozen
            sets, empty sets, complex numbers that are not-a-number, containers with
            keys that have no literal, and mappings with ``__class__`` that it did not
            make, too; None may be a key, and bytes are literals.
    """

    __slots__ = ("bytes_repr", "max_depth", "max_elements", "replace", "values")

    def __init__(
        self,
        replace: Callable[[Any, Writer], Any],
        max_depth: int,
        max_elements: int,
        bytes_repr: bool = False,
        values: bool = False,
    ) -> None:
        self.replace = replace
        self.max_depth = max_depth
        self.max_elements = max_elements
        self.bytes_repr = bytes_repr
        self.values = values


class Writer:
    """Writes one message.

    Args:
        rules: How.
        beside: Where what replaces a value may put what is not to be in the text; bytes
            from :data:`THRESHOLD` on are replaced, too. None is nowhere.

    Attributes:
        beside: Likewise.
    """

    __slots__ = ("_left", "_rules", "beside")

    def __init__(self, rules: Rules, beside: list[Any] | None = None) -> None:
        self._rules = rules
        self._left = rules.max_elements
        self.beside = beside

    def write(self, value: Any, depth: int) -> bytes:
        """Return the bytes of *value*, which may have *depth* levels.

        Raises:
            SerializeError: It can't be written.
            ValueError: An integer has too many digits.
            Exception: Whatever *replace* raises.
        """
        self._left -= 1
        return (HEADER + self._text(value, depth)).encode()

    def write_call(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        depth: int,
    ) -> bytes:
        """Return the bytes of a call, whose arguments may have *depth* levels."""
        self._left -= _CALL
        arguments = self._text(args, depth)
        keywords = self._text(kwargs, depth) if kwargs != {} else "{}"
        head = f"{HEADER}({_quote(object_id)},{_quote(method)}"
        return f"{head},{arguments},{keywords})".encode()

    def _count(self, values: int) -> None:
        self._left -= values
        if self._left < 0:
            raise too_many(self._rules.max_elements)

    def _text(self, value: Any, depth: int) -> str:
        """Return the text of *value*, which may have *depth* more levels."""
        kind = type(value)
        if kind in _REPR_IS_TEXT:
            return repr(value)
        if kind is float:
            text = repr(value)
            return text if text[-1] not in "fn" else _FLOAT_TEXTS[text]
        if kind not in _CONTAINERS:
            return self._other(value, depth)
        if depth <= 0:
            raise SerializeError(f"nested deeper than {self._rules.max_depth} levels")
        depth -= 1
        write, simple = self._text, _REPR_IS_TEXT
        if kind is list or kind is tuple:
            self._left -= len(value)
            if self._left < 0:
                raise too_many(self._rules.max_elements)
            texts = [repr(v) if type(v) in simple else write(v, depth) for v in value]
            text = ",".join(texts)
            if kind is list:
                return f"[{text}]"
            return f"({text})" if len(value) != 1 else f"({text},)"
        if self._rules.values and _is_odd(value, depth):
            return self._replaced(value, depth + 1)
        if kind is dict:
            return self._mapping_text(value, depth)
        self._count(len(value))
        text = ",".join([self._key(item, depth) for item in value])
        return f"{{{text}}}" if text else "()"

    def _mapping_text(self, value: dict[Any, Any], depth: int) -> str:
        self._left -= 2 * len(value)
        if self._left < 0:
            raise too_many(self._rules.max_elements)
        write, simple = self._text, _REPR_IS_TEXT
        return "{" + ",".join([
            f"{key!r}:{item!r}"
            if type(key) is str and type(item) in simple
            else f"{self._key(key, depth)}:{write(item, depth)}"
            for key, item in value.items()
        ]) + "}"  # fmt: skip

    def _other(self, value: Any, depth: int) -> str:
        kind = type(value)
        if kind is bytes and (self.beside is None or len(value) < THRESHOLD):
            if self._rules.bytes_repr or self._rules.values:
                return repr(value)
            return f"{{'data': '{base64.b64encode(value).decode()}', 'encoding': 'base64'}}"
        if kind is complex and (value == value or not self._rules.values):
            return _complex_text(value)
        return self._replaced(value, depth)

    def _replaced(self, value: Any, depth: int) -> str:
        form = self._rules.replace(value, self)
        if type(form) is not dict:
            return self._text(form, depth)
        if depth <= 0:
            raise SerializeError(f"nested deeper than {self._rules.max_depth} levels")
        return self._mapping_text(form, depth - 1)  # its __class__ is meant

    def _key(self, key: Any, depth: int) -> str:
        """Return the text of a mapping's key or a set's element."""
        kind = type(key)
        if kind is str or kind is int or kind is bool:
            return repr(key)
        if kind is tuple:
            if depth <= 0:
                raise SerializeError(f"nested deeper than {self._rules.max_depth} levels")
            self._count(len(key))
            inner = ["None" if v is None else self._key(v, depth - 1) for v in key]
            text = ",".join(inner)
            return f"({text})" if len(key) != 1 else f"({text},)"
        if kind is bytes:
            return repr(key)  # a mapping could not be a key again
        if kind is complex or (kind is float and key == key):
            return self._text(key, depth)
        if key is None and self._rules.values:
            return "None"
        plain = plain_form(key)
        if plain is NO_FORM:
            what = repr(key) if key is None or kind is float else f"a {kind.__name__}"
            raise SerializeError(f"{what} can't be a key or an element of a set")
        return self._key(plain, depth)


def _is_odd(container: Any, depth: int) -> bool:
    """Tell whether a mapping or set would not arrive as it is from its literal.

    That is to be known before any of it is written: to find it out in the middle would
    double the work with each level of nesting.
    """
    if type(container) is dict:
        if "__class__" in container:
            return True
    elif type(container) is frozenset or not container:
        return True
    return not _KEYS.issuperset(map(type, container)) and any(
        _is_odd_key(key, depth) for key in container
    )


def _is_odd_key(key: Any, depth: int) -> bool:
    kind = type(key)
    if kind is tuple:
        return depth > 0 and any(_is_odd_key(item, depth - 1) for item in key)
    return kind not in _KEYS and (not (kind is float or kind is complex) or key != key)


def _complex_text(value: complex) -> str:
    real, imaginary = repr(value.real), repr(value.imag)
    if "nan" in (real, imaginary):
        raise SerializeError("a complex number that is not-a-number")
    imaginary = _FLOAT_TEXTS.get(imaginary, imaginary)
    sign = "" if imaginary[0] == "-" else "+"
    return f"({_FLOAT_TEXTS.get(real, real)}{sign}{imaginary}j)"


def flat_call_bytes(
    object_id: str, method: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None
) -> bytes | None:
    """Return the bytes of a call, None if it is not just one of atoms.

    All in one function, for the reason given in ``SerpentSerializer``.
    """
    if (
        type(args) is tuple
        and not kwargs
        and kwargs is not None
        and _REPR_IS_TEXT.issuperset(map(type, args))
    ):
        try:
            flat = ",".join(map(repr, args)) + "," * (len(args) == 1)
        except ValueError:  # an integer too long for a text; said elsewhere
            return None
        return f"{HEADER}({_quote(object_id)},{_quote(method)},({flat}),{{}})".encode()
    return None
