"""Reading what serpent writers emit, as fast as Python can.

The text is cut into tokens by one regular expression, two strings a token: a value
and the mark behind it. All that is not spelt as writers spell it goes to
:class:`.literals.LiteralReader`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from ..errors import SerializeError
from .base import too_many
from .crowds import MOST_ALIKE, Crowd, check_keys
from .escapes import unescape, unescape_bytes
from .literals import LiteralReader

__all__ = ["FLAT_SIZE", "HEADER", "NO_VALUE", "Reader", "flat_call", "flat_value"]

HEADER = "# serpent utf-8 python3.2\n"
_CONSTANTS = {"None": None, "True": True, "False": False}
_OPENINGS = frozenset("([{")
_MARKS = ",:([{"  # a value follows
# So long as Python reads integers; what is longer is copied nowhere.
_DIGITS = "[0-9]{1,4000}+"
_NUMBER = rf"(?:0|[1-9](?:{_DIGITS})?)(?:\.{_DIGITS})?(?:e[-+]?{_DIGITS})?"
_TOKEN = re.compile(
    r"""(b?'[^'\\\n\r]*+(?:\\[^\n\r][^'\\\n\r]*+)*+'"""
    r'''|b?"[^"\\\n\r]*+(?:\\[^\n\r][^"\\\n\r]*+)*+"'''
    rf"""|-?{_NUMBER}|None|True|False|\(-?{_NUMBER}[-+]{_NUMBER}j\))?"""
    r"""([\[\](){},:]|\Z|(?s:.+)) ?"""  # the last eats the rest, which nothing expects
)

# Most calls are short and flat, and the way around them must be too: these read
# one atom, or one call of atoms without keywords, in 1 and 2.5 µs, not 2.5 and 8.
_ATOM = rf"(?:'[^'\\\n\r\0]*+'|-?{_NUMBER}|None|True|False)"
_ATOMS = re.compile(_ATOM)
_FLAT_VALUE = re.compile(re.escape(HEADER) + f"({_ATOM})")
_FLAT_CALL = re.compile(
    re.escape(HEADER) + r"\('([^'\\\n\r\0]*+)','([^'\\\n\r\0]*+)',"
    rf"\(((?:(?:{_ATOM},)++(?:{_ATOM})?+)?+)\),\{{\}}\)"
)
FLAT_SIZE = 400  # bytes; in longer texts they are rare
NO_VALUE = object()  # says that there is none, where None could be one
_HEADER_BYTES = HEADER.encode()
_ONE_WORDS = {b"None": None, b"True": True, b"False": False, b"0": 0}
_ZERO = ord("0")  # no integer begins with it but itself


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
        elif head == "b":
            if not token.isascii():
                raise _UnusualError
            return unescape_bytes(token[2:-1])
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


def flat_value(data: bytes) -> Any:
    """Return the value of *data*, NO_VALUE if it is not just one atom.

    All in one function, for the reason given in ``SerpentSerializer``.
    """
    if len(data) >= FLAT_SIZE:
        return NO_VALUE
    if type(data) is not bytes:
        data = bytes(data)
    text = data.removeprefix(_HEADER_BYTES)
    if text in _ONE_WORDS:  # a regular expression would be five times the work
        return _ONE_WORDS[text]
    if text.isdigit() and text[0] != _ZERO:
        return int(text)
    try:
        match = _FLAT_VALUE.fullmatch(str(data, "utf-8"))
    except UnicodeDecodeError:
        return NO_VALUE
    return NO_VALUE if match is None else _FLAT_ATOMS[match[1]]


def flat_call(data: bytes) -> tuple[str, str, tuple[Any, ...], dict[str, Any]] | None:
    """Return the parts of a call, None if it is not just one of atoms.

    All in one function, likewise.
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
    return object_id, method, tuple([_FLAT_ATOMS[token] for token in tokens]), {}


class Reader:
    """Reads one text.

    Args:
        data: The text, in UTF-8.
        max_depth: How deep containers may nest.
        max_elements: How many values there may be, containers and keys counted.
        finish: Called with each mapping that has ``__class__``, the innermost first;
            what it returns takes the mapping's place. By default that is the mapping.

    Attributes:
        has_forms: Whether a mapping with ``__class__`` is in what was read.
    """

    __slots__ = (
        "_atoms",
        "_convert",
        "_data",
        "_max_depth",
        "_max_elements",
        "_tokens",
        "has_forms",
    )

    def __init__(
        self,
        data: bytes,
        max_depth: int,
        max_elements: int,
        finish: Callable[[dict[Any, Any]], Any] | None = None,
    ) -> None:
        self._data = data
        self._max_depth = max_depth
        self._max_elements = max_elements
        self._convert = finish
        self._atoms = _Atoms()
        self._tokens: Iterator[tuple[str, str]]
        self.has_forms = False

    def read(self) -> Any:
        """Return the value.

        Raises:
            SerializeError: The text is malformed, or past one of the limits.
            UnicodeDecodeError: It is not UTF-8.
            TypeError: A key or an element of a set can't be one.
            ValueError: An integer has too many digits.
        """
        text = str(self._data, "utf-8")
        if "\0" in text:
            raise SerializeError(f"not serpent data: NUL at {text.index(chr(0))}")
        self._tokens = self._cut(text, len(HEADER) if text.startswith(HEADER) else 0)
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
            self.has_forms = False
        return LiteralReader(text, self._max_depth, self._max_elements, self._finish).read()

    def _cut(self, text: str, start: int) -> Iterator[tuple[str, str]]:
        """Return the tokens, which are counted only where there may be too many."""
        if len(text) > self._max_elements <= sum(map(text.count, _MARKS)):
            return self._counted(text, start)
        return iter(_TOKEN.findall(text, start))

    def _counted(self, text: str, start: int) -> Iterator[tuple[str, str]]:
        left = self._max_elements
        for match in _TOKEN.finditer(text, start):
            token, mark = match.groups("")
            left -= token != "" or mark in _OPENINGS
            if left < 0:
                raise too_many(self._max_elements)
            yield token, mark

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
        crowd: Crowd | None = None
        more = True
        while more:  # so many keys at a time as a crowd may have
            for token, mark in islice(tokens, MOST_ALIKE):
                if token:
                    key = atoms[token]
                elif mark == "}":
                    more = False
                    break
                else:
                    key = self._container(mark, depth)
                    token, mark = next(tokens)
                    if token:
                        raise _UnusualError
                if mark != ":":
                    if mapping or mark not in (",", "}"):
                        raise _UnusualError
                    return _set_of(key, self._items("}", depth) if mark == "," else [])
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
                    more = False
                    break
            else:
                crowd = crowd or Crowd()
            if crowd is not None:
                crowd.look(mapping)
        return self._finish(mapping) if "__class__" in mapping else mapping

    def _finish(self, mapping: dict[Any, Any]) -> Any:
        if "__class__" not in mapping:
            return mapping
        if mapping["__class__"] == "float":
            if "value" not in mapping:
                raise SerializeError("malformed float: value missing")
            return float(mapping["value"])
        value = mapping if self._convert is None else self._convert(mapping)
        if value is mapping:
            self.has_forms = True
        return value


def _set_of(first: Any, others: list[Any]) -> set[Any]:
    items = [first, *others]
    check_keys(items)
    return set(items)
