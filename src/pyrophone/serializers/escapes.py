"""What stands behind backslashes in Python's literals."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress

from ..errors import SerializeError

__all__ = ["unescape", "unescape_bytes"]

_ESCAPE = re.compile(
    r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})"
    r"|N\{([^}]*)\}|(.))",
    re.DOTALL,
)
_BYTES_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
# What can be unescaped by itself: it ends before a backslash, or far enough behind one.
_PIECE = re.compile(r"(?:[^\\]++|\\N\{[^}]{0,100}+\}|\\.[^\\]{0,9}+){1,5000}+", re.DOTALL)
_SIMPLE_ESCAPES: dict[str, str] = dict(
    zip("\n\\'\"abfnrtv", ("", *"\\'\"\a\b\f\n\r\t\v"), strict=True)
)

_WRITTEN = tuple("\\" + mark for mark in "nrtx'\"")  # by repr() of bytes, but for pairs


def unescape(body: str) -> str:
    """Return the string whose literal has *body* between its quotes.

    Raises:
        SerializeError: An escape sequence is malformed.
    """
    return _substituted(_ESCAPE, _character, body) if "\\" in body else body


def _substituted(
    escape: re.Pattern[str], value: Callable[[re.Match[str]], str], body: str
) -> str:
    """Return *body* with each escape replaced by its value.

    Substitution keeps what it found until it has all: fifty bytes for each escape of
    two. So it is done piece by piece.
    """
    return "".join([escape.sub(value, piece[0]) for piece in _PIECE.finditer(body)])


def _character(match: re.Match[str]) -> str:
    octal, two, four, eight, name, other = match.groups()
    if other is not None:
        if other in "xuUN":
            raise SerializeError(f"not a literal: malformed escape \\{other}")
        return _SIMPLE_ESCAPES.get(str(other), f"\\{other}")
    if name is not None:
        try:
            character = unicodedata.lookup(name)
        except KeyError:
            character = ""
        if len(character) != 1:  # lookup() knows sequences too
            raise SerializeError(f"not a literal: unknown character name {name[:40]!r}")
        return character
    code = int(octal, 8) if octal else int(two or four or eight, 16)
    if code > 0x10FFFF:
        raise SerializeError(f"not a literal: no character {match.group()}")
    return chr(code)


def unescape_bytes(body: str) -> bytes:
    """Return the bytes whose literal has *body*, in ASCII, between its quotes.

    Raises:
        SerializeError: An escape sequence is malformed.
    """
    if "\\" not in body:
        return body.encode("latin-1")
    pairs = body.replace("\\\\", "  ")
    if pairs.count("\\") == sum(map(pairs.count, _WRITTEN)):
        # Of these the codec makes the same, and has no others to stumble over.
        with suppress(UnicodeError):  # what is wrong is found out below
            return body.encode("ascii").decode("unicode_escape").encode("latin-1")
    return _substituted(_BYTES_ESCAPE, _byte, body).encode("latin-1")


def _byte(match: re.Match[str]) -> str:
    octal, two, other = match.groups()
    if other is not None:
        if other == "x":
            raise SerializeError("not a literal: malformed escape \\x")
        return _SIMPLE_ESCAPES.get(str(other), f"\\{other}")
    return chr(int(octal, 8) & 0xFF if octal else int(two, 16))
