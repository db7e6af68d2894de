"""The structure of a regular expression, as far as matching it needs.

What a single character is compared with, stays in the spelling of :mod:`re`, which then
compares it. So this knows only what stands where, and it is given only what ``re`` has
found to be a regular expression.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

__all__ = ["Repeat", "parse"]

_GROUP = re.compile(r"\((?:\?(?::|P<\w+>))?(?!\?)")
_COMMENT = re.compile(r"\(\?#[^)]*\)")
_SET = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:x..|u.{4}|U.{8}|N\{[^}]*\}|0[0-7]{0,2}|[1-3][0-7]{2}|[1-9]\d?|.)", re.DOTALL
)
_TIMES = re.compile(r"(?:([*+?])|\{(?!\})(\d*)(?:(,)(\d*))?\})([?+]?)")
_BACK = re.compile(r"\\[1-9]\d?$")
_PLACES = {"^", "$", r"\A", r"\Z", r"\z", r"\b", r"\B"}
_SIGNS = {"*": (0, None), "+": (1, None), "?": (0, 1)}


class Repeat:
    """Something several times.

    Args:
        node: What.
        least: How often at least.
        most: How often at most; without bounds if None.
    """

    __slots__ = ("least", "most", "node")

    def __init__(self, node: Any, least: int, most: int | None) -> None:
        self.node = node
        self.least = least
        self.most = most


def parse(text: str) -> Any:
    """Return the structure of a regular expression.

    Returns:
        A list of nodes that follow each other, a tuple of alternatives, a :class:`Repeat`,
        the spelling of one character, or a compiled pattern for what takes none.

    Raises:
        re.error: It has a part that is not allowed.
    """
    # That case makes no difference, is so anyway.
    return _Parser(text, 4 if text.startswith("(?i)") else 0).alternatives()


class _Parser:
    """Reads a text from its *place* on."""

    def __init__(self, text: str, place: int) -> None:
        self._text = text
        self._place = place

    def alternatives(self) -> Any:
        """Read up to the end of the group, or of the text."""
        found = [self._sequence()]
        while self._take("|"):
            found.append(self._sequence())
        return tuple(found) if len(found) > 1 else found[0]

    def _sequence(self) -> list[Any]:
        nodes: list[Any] = []
        while self._place < len(self._text) and self._text[self._place] not in "|)":
            comment = _COMMENT.match(self._text, self._place)
            if comment:
                self._place = comment.end()
                continue
            times = _TIMES.match(self._text, self._place) if nodes else None
            if times:
                self._place = times.end()
                nodes[-1] = self._repeated(nodes[-1], times)
            else:
                nodes.append(self._single())
        return nodes

    def _repeated(self, node: Any, times: re.Match[str]) -> Repeat:
        sign, least, comma, most, how = times.groups()
        if how == "+":
            self._refuse("possessive repetition")
        if sign:
            return Repeat(node, *_SIGNS[sign])
        start = int(least or 0)
        return Repeat(node, start, (int(most) if most else None) if comma else start)

    def _single(self) -> Any:
        if self._text[self._place] == "(":
            return self._group()
        for spelling in (_SET, _ESCAPE):
            match = spelling.match(self._text, self._place)
            if match:
                break
        piece = match[0] if match else self._text[self._place]
        if _BACK.match(piece):
            self._refuse("reference to a group")
        self._place += len(piece)
        if piece in _PLACES:
            return re.compile(piece)
        return piece if len(piece) > 1 or piece == "." else re.escape(piece)

    def _group(self) -> Any:
        match = _GROUP.match(self._text, self._place)
        if match is None:
            self._refuse(f"extension {self._text[self._place : self._place + 4]!r}")
        self._place = match.end()
        inner = self.alternatives()
        self._take(")")
        return inner

    def _take(self, text: str) -> bool:
        found = self._text.startswith(text, self._place)
        self._place += len(text) if found else 0
        return found

    def _refuse(self, what: str) -> NoReturn:
        raise re.error(f"{what} is not allowed here", self._text, self._place)
