"""Python literals: read any of them, and nothing else.

The serpent format is a subset of this grammar. :mod:`.serpent` reads what
serpent writers emit by a faster way, and hands everything else to
:func:`read_literal`: blanks, comments, triple quotes, prefixes, named escapes,
concatenation, other bases, underscores.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from ..errors import SerializeError
from .base import too_many
from .crowds import MOST_ALIKE, Crowd, check_keys
from .escapes import unescape, unescape_bytes

__all__ = ["LiteralReader"]

_BLANK = re.compile(r"(?:[ \t\f\n]|#[^\n]*+|\\\n)*+")
_LINE_BLANK = re.compile(r"(?:[ \t\f]|\\\n)*+")
_DIGITS = "[0-9](?:_?[0-9])*+"
_NUMBER = re.compile(
    rf"(?P<radix>0[xX](?:_?[0-9a-fA-F])++|0[oO](?:_?[0-7])++|0[bB](?:_?[01])++)"
    rf"|(?P<float>(?:{_DIGITS}\.(?:{_DIGITS})?|\.{_DIGITS})(?:[eE][-+]?{_DIGITS})?"
    rf"|{_DIGITS}[eE][-+]?{_DIGITS})(?P<j>[jJ])?"
    rf"|(?P<imaginary>{_DIGITS}(?=[jJ]))[jJ]"
    rf"|(?P<int>[1-9](?:_?[0-9])*+|0(?:_?0)*+)"
)
_NAME = re.compile(r"\w++|\.\.\.")
_OPENING = re.compile(r"(?P<prefix>[bB][rR]?|[rR][bB]?|[uU])?(?P<quote>'''|\"\"\"|'|\")")
_BODIES = {
    "'": re.compile(r"([^'\\\n]*+(?:\\.[^'\\\n]*+)*+)'", re.DOTALL),
    '"': re.compile(r'([^"\\\n]*+(?:\\.[^"\\\n]*+)*+)"', re.DOTALL),
    "'''": re.compile(r"([^'\\]*+(?:(?:\\.|'(?!''))[^'\\]*+)*+)'''", re.DOTALL),
    '"""': re.compile(r'([^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*+)"""', re.DOTALL),
}
_CONSTANTS = {"None": None, "True": True, "False": False, "...": ...}
_CLOSING = {"(": ")", "[": "]", "{": "}"}

# What a primary was: only a bare number takes a sign, only a number a sum.
_OTHER, _BARE_NUMBER, _SIGNED_NUMBER = range(3)


class LiteralReader:
    """Reads one literal expression from a text.

    Time and memory are linear in the length of the text; of keys see :mod:`.crowds`.

    Args:
        text: The expression, with blanks and comments around it.
        max_depth: How deep brackets may nest.
        max_elements: How many values there may be, what is in brackets counted again.
        finish: Called with each finished mapping; what it returns takes the
            mapping's place.
    """

    __slots__ = (
        "_blank",
        "_finish",
        "_left",
        "_max_depth",
        "_max_elements",
        "_position",
        "_shape",
        "_text",
    )

    def __init__(
        self,
        text: str,
        max_depth: int,
        max_elements: int,
        finish: Callable[[dict[Any, Any]], Any],
    ) -> None:
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        self._text = text
        self._position = 0
        self._max_depth = max_depth
        self._max_elements = self._left = max_elements
        self._finish = finish
        self._blank = _LINE_BLANK
        self._shape = _OTHER

    def read(self) -> Any:
        """Return the value.

        Raises:
            SerializeError: The text is no literal; says what is wrong where.
        """
        self._skip(_BLANK)
        value = self._expression(0)
        if self._peek() == ",":
            value = self._bare_tuple(value)
        self._skip(_BLANK)
        if self._position < len(self._text):
            self._fail("more behind the end")
        return value

    def _bare_tuple(self, first: Any) -> tuple[Any, ...]:
        items = [first]
        while self._peek() == ",":
            self._position += 1
            if self._peek() in ("", "\n", "#"):
                break
            items.append(self._expression(0))
        return tuple(items)

    def _expression(self, depth: int) -> Any:
        sign = self._peek()
        if sign in ("+", "-"):
            self._position += 1
            value = self._primary(depth)
            if self._shape != _BARE_NUMBER:
                self._fail("a sign before what is no number")
            value = -value if sign == "-" else +value
            self._shape = _SIGNED_NUMBER
        else:
            value = self._primary(depth)
        operator = self._peek()
        if (
            self._shape == _OTHER
            or isinstance(value, complex)
            or operator not in ("+", "-")
        ):
            return value
        self._position += 1
        imaginary = self._primary(depth)
        if self._shape != _BARE_NUMBER or not isinstance(imaginary, complex):
            self._fail("a sum other than with an imaginary number")
        self._shape = _OTHER
        return value + imaginary if operator == "+" else value - imaginary

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise too_many(self._max_elements)

    def _primary(self, depth: int) -> Any:
        self._count()
        head = self._peek()
        if head in ("(", "[", "{"):
            return self._brackets(head, depth)
        self._shape = _OTHER
        if _OPENING.match(self._text, self._position):
            return self._strings()
        number = _NUMBER.match(self._text, self._position)
        if number is not None:
            self._shape = _BARE_NUMBER
            return self._number(number)
        name = _NAME.match(self._text, self._position)
        if name is None:
            self._fail("unexpected")
        if name.group() in _CONSTANTS:
            self._position = name.end()
            return _CONSTANTS[name.group()]
        if name.group() == "set":
            self._position = name.end()
            if self._peek() == "(":
                self._position += 1
                if self._peek(_BLANK) == ")":
                    self._position += 1
                    return set()
        self._fail("no literal")

    def _brackets(self, opening: str, depth: int) -> Any:
        if depth >= self._max_depth:
            raise SerializeError(f"nested deeper than {self._max_depth} levels")
        outer = self._blank
        self._blank = _BLANK
        self._position += 1
        closing = _CLOSING[opening]
        items: list[Any] = []
        mapping: dict[Any, Any] | None = None
        crowd = Crowd()
        comma = True
        while self._peek() != closing:
            if not comma:
                self._fail("no comma")
            item = self._expression(depth + 1)
            if opening == "{" and self._peek() == ":" and not items:
                mapping = {} if mapping is None else mapping
                self._position += 1
                mapping[item] = self._expression(depth + 1)
                if len(mapping) % MOST_ALIKE == 0:
                    crowd.look(mapping)
            elif mapping is not None:
                self._fail("a key without value")
            else:
                items.append(item)
            comma = self._peek() == ","
            if comma:
                self._position += 1
        self._blank = outer
        self._position += 1
        if opening == "(" and len(items) == 1 and not comma:
            return items[0]  # and its shape
        self._shape = _OTHER
        if opening == "[":
            return items
        if opening == "(":
            return tuple(items)
        if items:
            check_keys(items)
            return set(items)
        mapping = mapping or {}
        if len(mapping) > MOST_ALIKE:
            crowd.look(mapping)
        return self._finish(mapping)

    def _strings(self) -> str | bytes:
        parts: list[Any] = []
        while opening := _OPENING.match(self._text, self._position):
            body = _BODIES[opening["quote"]].match(self._text, opening.end())
            if body is None:
                self._fail("a string without end")
            prefix = (opening["prefix"] or "").lower()
            part: str | bytes = body[1]
            if "b" in prefix:
                if not body[1].isascii():
                    self._fail("a character beyond ASCII in bytes")
                part = body[1].encode("ascii") if "r" in prefix else unescape_bytes(body[1])
            elif "r" not in prefix:
                part = unescape(body[1])
            if parts and type(part) is not type(parts[0]):
                self._fail("bytes beside text")
            if parts:
                self._count()
            parts.append(part)
            self._position = body.end()
            self._peek()
        joined: str | bytes = type(parts[0])().join(parts)
        return joined

    def _number(self, match: re.Match[str]) -> int | float | complex:
        after = self._text[match.end() : match.end() + 1]
        if after == "_" or after == "." or after.isalnum():
            self._fail("no number")
        limit = sys.get_int_max_str_digits()
        if 0 < limit < match.end() - match.start():
            raise SerializeError(
                f"not a literal: a number of {match.end() - match.start()} characters, "
                f"the limit is {limit}"
            )
        self._position = match.end()
        if match["radix"]:
            return int(match["radix"], 0)
        if match["float"]:
            number = float(match["float"])
            return complex(0.0, number) if match["j"] else number
        if match["imaginary"]:
            return complex(0.0, float(match["imaginary"]))
        return int(match["int"])

    def _skip(self, blank: re.Pattern[str]) -> None:
        match = blank.match(self._text, self._position)
        assert match is not None
        self._position = match.end()

    def _peek(self, blank: re.Pattern[str] | None = None) -> str:
        """Skip blanks, return the character behind them, "" at the end."""
        self._skip(blank or self._blank)
        return self._text[self._position : self._position + 1]

    def _fail(self, problem: str) -> NoReturn:
        found = self._text[self._position : self._position + 20]
        raise SerializeError(
            f"not a literal: {problem}: {found!r} at {self._position}"
            if found
            else f"not a literal: it ends early, at {self._position}"
        )
