"""Reading what serpent writers emit, as fast as Python can.

The text is cut into tokens by one regular expression, two strings a token: a value
and the mark behind it. All that is not spelt as writers spell it goes to
:class:`.literals.LiteralReader`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..errors import SerializeError
from .literals import LiteralReader, unescape

__all__ = ["FLAT_ATOMS", "FLAT_SIZE", "FLAT_VALUE", "HEADER", "Reader", "flat_call"]

HEADER = "# serpent utf-8 python3.2\n"
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
FLAT_VALUE = re.compile(re.escape(HEADER) + f"({_ATOM})")
_FLAT_CALL = re.compile(
    re.escape(HEADER) + r"\('([^'\\\n\r\0]*+)','([^'\\\n\r\0]*+)',"
    rf"\(((?:(?:{_ATOM},)++(?:{_ATOM})?+)?+)\),\{{\}}\)"
)
FLAT_SIZE = 400  # bytes; in longer texts they are rare


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


FLAT_ATOMS = _FlatAtoms(_CONSTANTS)


def flat_call(data: bytes) -> tuple[str, str, tuple[Any, ...], dict[str, Any]] | None:
    """Return the parts of a call, None if it is not just one of atoms.

    All in one function, for the reason given in ``SerpentSerializer``.
    """
    if len(data) >= FLAT_SIZE:
        return None
    try:
        match = _FLAT_CALL.fullmatch(str(data, "utf-8"))
    except UnicodeDecodeError:
        return None
    if match is None:
        return None
    object_id, method, flat = match.groups()
    if not flat:
        return object_id, method, (), {}
    if "'" in flat:
        tokens = _ATOMS.findall(flat)
    else:
        tokens = flat.rstrip(",").split(",")
        if flat.replace(",", "").replace("-", "").isdecimal():
            return object_id, method, tuple(map(int, tokens)), {}
    return object_id, method, tuple([FLAT_ATOMS[token] for token in tokens]), {}


class Reader:
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
        start = len(HEADER) if self._text.startswith(HEADER) else 0
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
