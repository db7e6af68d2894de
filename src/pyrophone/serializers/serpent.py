"""The serpent format: a header line and one Python literal, in UTF-8. Id 1.

Written compactly, as in ``(1,'a',{'k':[2.5,None]})``. What has no literal goes
as a mapping: bytes as base64, not-a-number and objects as class forms.

Reading is done twice over. What serpent writers emit is cut into tokens by one
regular expression, two strings a token, the value and the mark behind it, which
is as fast as Python gets. All else goes to :class:`.literals.LiteralReader`.

Source: ``docs/reference/wire.md``, serpent.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..errors import SerializeError
from .base import DEFAULT_MAX_DEPTH, Codec
from .classes import NO_FORM, ClassTable
from .exceptions import class_name
from .literals import LiteralReader, unescape
from .plain import plain_form

__all__ = ["SerpentSerializer"]

_HEADER = "# serpent utf-8 python3.2\n"
_REPR_IS_TEXT = frozenset({str, int, bool, type(None)})
_NAN = "{'__class__':'float','value':'nan'}"
_FLOAT_TEXTS = {"inf": "1e30000", "-inf": "-1e30000", "nan": _NAN}
_CONSTANTS = {"None": None, "True": True, "False": False}
_OPENINGS = frozenset("([{")
_NUMBER = r"(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:e[-+]?[0-9]++)?"
_TOKEN = re.compile(
    r"""('[^'\\\n\r]*+(?:\\[^\n\r][^'\\\n\r]*+)*+'"""
    r'''|"[^"\\\n\r]*+(?:\\[^\n\r][^"\\\n\r]*+)*+"'''
    rf"""|-?{_NUMBER}|None|True|False|\(-?{_NUMBER}[-+]{_NUMBER}j\))?"""
    r"""([\[\](){},:]|\Z|(?s:.+)) ?"""  # the last eats the rest, which nothing expects
)

# Most calls are short and flat, and the way around them must be too: these read
# one atom, or one call of atoms without keywords, in 1 and 2.5 µs, not 2.5 and 8.
_ATOM = rf"(?:'[^'\\\n\r\0]*+'|-?{_NUMBER}|None|True|False)"
_ATOMS = re.compile(_ATOM)
_FLAT_VALUE = re.compile(re.escape(_HEADER) + f"({_ATOM})")
_FLAT_CALL = re.compile(
    re.escape(_HEADER) + r"\('([^'\\\n\r\0]*+)','([^'\\\n\r\0]*+)',"
    rf"\(((?:(?:{_ATOM},)++(?:{_ATOM})?+)?+)\),\{{\}}\)"
)
_FLAT_SIZE = 400  # characters; in longer texts they are rare
_quote = str.__repr__  # that of a subclass may say anything


class SerpentSerializer(Codec):
    """Writes and reads serpent texts. See :class:`.base.Codec`.

    Args:
        classes: Converts what is not plain data.
        max_depth: How deep values may nest.
        bytes_repr: Write bytes as literals instead of base64 mappings.
    """

    __slots__ = ("_bytes_repr",)

    name = "serpent"
    id = 1

    def __init__(
        self,
        classes: ClassTable,
        *,
        max_depth: int = DEFAULT_MAX_DEPTH,
        bytes_repr: bool = False,
    ) -> None:
        super().__init__(classes, max_depth=max_depth)
        self._bytes_repr = bytes_repr

    def loads(self, data: bytes) -> Any:
        """Return the value of *data*; see :class:`.base.Serializer`."""
        if len(data) < _FLAT_SIZE:
            match = _FLAT_VALUE.fullmatch(_decode(data))
            if match is not None:
                return _FLAT_ATOMS[match[1]]
        return super().loads(data)

    def loads_call(
        self, data: bytes
    ) -> tuple[str, str, Sequence[Any], dict[str, Any] | None]:
        """Return the parts of a call; see :class:`.base.Serializer`."""
        if len(data) < _FLAT_SIZE:
            match = _FLAT_CALL.fullmatch(_decode(data))
            if match is not None:
                object_id, method, flat = match.groups()
                return object_id, method, _flat_items(flat), {}
        return super().loads_call(data)

    def _write(self, value: Any, depth: int) -> bytes:
        return (_HEADER + self._text(value, depth)).encode()

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
            f"{_HEADER}({_quote(object_id)},{_quote(method)},"
            f"{self._text(args, depth)},{keywords})"
        ).encode()

    def _read(self, data: bytes, depth: int) -> tuple[Any, bool]:
        text = str(data, "utf-8")
        if "\0" in text:
            raise SerializeError(f"not serpent data: NUL at {text.index(chr(0))}")
        reader = _Reader(text, depth)
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
            if self._bytes_repr:
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


class _UnusualError(Exception):
    """The text is not what writers emit; perhaps a literal all the same."""


class _Atoms(dict[str, Any]):
    """The values of tokens, each worked out once."""

    __slots__ = ()

    def __missing__(self, token: str) -> Any:
        head = token[0]
        if head == "'" or head == '"':
            value: Any = token[1:-1] if "\\" not in token else unescape(token[1:-1])
        elif token in _CONSTANTS:
            value = _CONSTANTS[token]
        elif head == "(":
            value = complex(token)
        elif "." in token or "e" in token:
            return float(token)
        else:
            return int(token)
        self[token] = value
        return value


class _FlatAtoms(dict[str, Any]):
    """The values of atoms without escapes; only the constants are kept."""

    __slots__ = ()

    def __missing__(self, token: str) -> Any:
        if token[0] == "'":
            return token[1:-1]
        if "." in token or "e" in token:
            return float(token)
        return int(token)


_FLAT_ATOMS = _FlatAtoms(_CONSTANTS)


def _flat_items(flat: str) -> tuple[Any, ...]:
    """Return the values of atoms with commas between them, perhaps one behind."""
    if not flat:
        return ()
    if "'" in flat:
        tokens = _ATOMS.findall(flat)
    else:
        tokens = flat.split(",")
        if not tokens[-1]:
            del tokens[-1]
    return tuple([_FLAT_ATOMS[token] for token in tokens])


def _decode(data: bytes) -> str:
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError:
        return ""  # no flat text; who reads it next says what is wrong with it


class _Reader:
    """Reads one text.

    Attributes:
        has_forms: Whether a mapping with ``__class__`` was among what was read.
    """

    __slots__ = ("_atoms", "_max_depth", "_text", "_tokens", "has_forms")

    def __init__(self, text: str, max_depth: int) -> None:
        self._text = text
        self._max_depth = max_depth
        self._atoms = _Atoms()
        self._tokens: Iterator[tuple[str, str]]
        self.has_forms = False

    def read(self) -> Any:
        start = len(_HEADER) if self._text.startswith(_HEADER) else 0
        self._tokens = iter(_TOKEN.findall(self._text, start))
        try:
            token, mark = next(self._tokens)
            if not token:
                value = self._container(mark, self._max_depth)
            elif not mark:
                value = self._atoms[token]
            else:
                raise _UnusualError
            if any(token or mark for token, mark in self._tokens):
                raise _UnusualError
            return value
        except (_UnusualError, StopIteration):
            return LiteralReader(self._text, self._max_depth, self._finish).read()

    def _container(self, opening: str, depth: int) -> Any:
        """Return what *opening* opens, with *depth* levels left, itself included."""
        if opening not in _OPENINGS:
            raise _UnusualError
        if depth <= 0:
            raise SerializeError(f"nested deeper than {self._max_depth} levels")
        if opening == "{":
            return self._braces(depth - 1)
        if opening == "[":
            return self._items("]", depth - 1)
        return tuple(self._items(")", depth - 1))

    def _items(self, closing: str, depth: int) -> list[Any]:
        items: list[Any] = []
        atoms = self._atoms
        tokens = self._tokens
        for token, mark in tokens:
            if token:
                items.append(atoms[token])
            elif mark == closing:
                break
            else:
                items.append(self._container(mark, depth))
                token, mark = next(tokens)
                if token:
                    raise _UnusualError
            if mark != ",":
                if mark != closing or (closing == ")" and len(items) == 1):
                    raise _UnusualError
                break
        else:
            raise _UnusualError
        return items

    def _braces(self, depth: int) -> Any:
        atoms = self._atoms
        tokens = self._tokens
        mapping: dict[Any, Any] = {}
        for token, mark in tokens:
            if token:
                key = atoms[token]
            elif mark == "}":
                break
            else:
                key = self._container(mark, depth)
                token, mark = next(tokens)
                if token:
                    raise _UnusualError
            if mark != ":":
                if mapping or mark not in (",", "}"):
                    raise _UnusualError
                return {key, *(self._items("}", depth) if mark == "," else ())}
            token, mark = next(tokens)
            if token:
                mapping[key] = atoms[token]
            else:
                mapping[key] = self._container(mark, depth)
                token, mark = next(tokens)
                if token:
                    raise _UnusualError
            if mark != ",":
                if mark != "}":
                    raise _UnusualError
                break
        return self._finish(mapping) if "__class__" in mapping else mapping

    def _finish(self, mapping: dict[Any, Any]) -> Any:
        if "__class__" in mapping:
            if mapping["__class__"] == "float":
                if "value" not in mapping:
                    raise SerializeError("malformed float: value missing")
                return float(mapping["value"])
            self.has_forms = True
        return mapping
