"""Regular expressions from strangers, matched at a bounded cost.

Python's ``re`` tries one way after another, holds the interpreter's lock meanwhile, and
can't be stopped: with ``(a+)+b`` one name of 40 letters would hang the name server for
days. So the ways it may have to try are counted first, from above: a choice adds, a
sequence multiplies, a repeat takes the power. What exceeds the budget is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from ..errors import NamingError

__all__ = ["MAX_REGEX", "select"]

MAX_REGEX = 200  # characters

_BUDGET = 10_000_000  # ways to try; a second at worst, see tests/naming/test_patterns.py
_LONGEST_WAY = 10_000  # steps of one way; each takes 100 bytes while matching
_STEPS = 64  # that cost as much as another way
_TOKEN = re.compile(
    r"(?P<open>\((?:\?(?:P<\w+>|P=\w+|\(\w+\)|<[=!]|[=!>]|[aiLmsu-]*:|[aiLmsu]+(?=\))))?)"
    r"|(?P<close>\))"
    r"|(?P<choice>\|)"
    r"|(?P<repeat>[*+?]|\{(?=[\d,])(?P<low>\d*)(?P<comma>,?)(?P<high>\d*)\})[?+]?"
    r"|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.",
    re.DOTALL,
)
_LIMITS = {"*": (0, None), "+": (1, None), "?": (0, 1)}


def select(regex: str, names: Iterable[str]) -> list[str]:
    """Return those of *names* that begin with a match of *regex*, in their order.

    Takes a second at worst, whatever *regex* is.

    Raises:
        NamingError: It is no regular expression, or could take too long.
    """
    if len(regex) > MAX_REGEX:
        raise NamingError(f"invalid regex: {len(regex)} characters, limit is {MAX_REGEX}")
    try:
        match = re.compile(regex).match
    except (re.error, OverflowError, RecursionError) as error:
        raise NamingError(f"invalid regex: {error}, in {regex!r}") from None
    names = list(names)
    # By the next power of two: a few lengths stand for all.
    lengths = Counter(1 << len(name).bit_length() for name in names)
    work = sum(count * _weigh(regex, length) for length, count in lengths.items())
    if work > _BUDGET:
        raise NamingError(
            f"invalid regex: {regex!r} could take too long for {len(names)} names; "
            "repeat no group that has a repeat or a choice in it, or look for less"
        )
    return [name for name in names if match(name)]


class _Group:
    """What was read of a group so far: in how many ways it can match, in how many steps."""

    __slots__ = ("_item", "_others", "_ways", "steps")

    def __init__(self) -> None:
        self.steps = 0.0
        self._others = 0.0
        self._ways = 1.0
        self._item: tuple[float, float] | None = None  # the last one, that may be repeated

    def add(self, ways: float, steps: float) -> None:
        self._settle()
        self._item = (ways, steps)

    def choose(self) -> None:
        self._settle()
        self._others += self._ways
        self._ways = 1.0

    def repeat(self, low: int, high: int | None, length: int, regex: str) -> None:
        if self._item is None:  # syntax that is not known here: comments, the flag x
            raise NamingError(f"invalid regex: comments can't be used, in {regex!r}")
        ways, steps = self._item
        most = max(low, length + 1) if high is None else min(high, max(low, length + 1))
        total = float(most - low + 1)
        if ways > 1.0:
            total = min(ways, _BUDGET) ** min(most, _STEPS) * total
        self._item = (min(total, _BUDGET + 1.0), steps * max(most, 1))

    def settle_on_one(self) -> None:
        """Note that only one way of the last item can lead on."""
        assert self._item is not None
        self._item = (1.0, self._item[1])

    def total(self) -> tuple[float, float]:
        self._settle()
        return min(self._others + self._ways, _BUDGET + 1.0), self.steps

    def _settle(self) -> None:
        if self._item is not None:
            ways, steps = self._item
            self._ways = min(self._ways * ways, _BUDGET + 1.0)
            self.steps += steps
            self._item = None


def _weigh(regex: str, length: int) -> float:
    """Return how much work it may be to match a name of *length* characters.

    Args:
        regex: A valid one.
        length: Upper limit.
    """
    groups = [_Group()]
    tokens = [*_TOKEN.finditer(regex), None]
    for before, token, after in zip([None, *tokens], tokens, tokens[1:], strict=False):
        assert token is not None
        if token["open"]:
            groups.append(_Group())
        elif token["close"]:
            ways, steps = groups.pop().total()
            groups[-1].add(ways, steps + 1.0)
        elif token["choice"]:
            groups[-1].choose()
        elif token["repeat"]:
            low, high = _limits(token)
            groups[-1].repeat(low, high, length, regex)
            if _is_plain(before) and (
                (len(groups) == 1 and _ends(after)) or _excludes(before, after)
            ):
                groups[-1].settle_on_one()
        else:
            groups[-1].add(1.0, 1.0)
    ways, steps = groups[0].total()
    return ways * (1.0 + steps / _STEPS) if steps <= _LONGEST_WAY else _BUDGET + 1.0


def _is_plain(token: re.Match[str] | None) -> bool:
    """Tell whether *token* stands for one character."""
    return token is not None and token.lastgroup is None


def _ends(token: re.Match[str] | None) -> bool:
    return token is None or token["choice"] is not None


def _excludes(before: re.Match[str] | None, after: re.Match[str] | None) -> bool:
    """Tell whether what matches *after* can't match *before*, so no repeat stops early."""
    if before is None or after is None or not _is_plain(after):
        return False
    text = after.group()
    if text == "$":
        return True
    if text in (".", "^") or (len(text) > 1 and (text[0] == "[" or text[1].isalnum())):
        return False  # a class, or \1: it can match more than one character
    letter = text[-1]
    return not any(
        re.fullmatch(before.group(), case, flags)
        for case in (letter, letter.lower(), letter.upper())
        for flags in (re.NOFLAG, re.IGNORECASE)
    )


def _limits(token: re.Match[str]) -> tuple[int, int | None]:
    """Return how often a repeat repeats, None for no limit."""
    sign = token["repeat"]
    if sign in _LIMITS:
        return _LIMITS[sign]
    low = int(token["low"] or 0)
    if not token["comma"]:
        return low, low
    return low, int(token["high"]) if token["high"] else None
