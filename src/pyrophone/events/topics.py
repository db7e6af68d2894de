"""The names of topics, and the patterns that select them.

A topic is one or more parts with dots between them, ``lab.room1.temperature``. A pattern
is one of these:

- a topic: that one alone;
- what ends with a dot, ``lab.``: all topics below ``lab``, at any depth;
- parts with wildcards: ``*`` stands for any text within one part, ``lab.*.temp`` or
  ``lab.r*``; ``**`` as a whole part stands for any number of parts, none included.

Patterns come from strangers: what they cost is bounded by their length, and no regular
expression is ever made of them.
"""

from __future__ import annotations

import re

from ..errors import EventError

__all__ = ["MAX_PARTS", "MAX_TOPIC", "Pattern", "check_topic"]

MAX_TOPIC = 200  # characters, of a pattern likewise
MAX_PARTS = 20

_TOPIC = re.compile(r"[^\s.*]+(?:\.[^\s.*]+)*")
_ANY = "**"


def check_topic(topic: object) -> str:
    """Return *topic*, which is the name of one.

    Raises:
        EventError: It is not; the text says why.
    """
    if (
        type(topic) is str
        and len(topic) <= MAX_TOPIC
        and _TOPIC.fullmatch(topic)
        and topic.isprintable()
        and topic.count(".") < MAX_PARTS
    ):
        return topic
    text = _checked("topic", topic)
    if "*" in text:
        raise EventError(f"bad topic {text!r}: '*' is for patterns")
    raise EventError(f"bad topic {text!r}: {_problem(text.split('.'))}")


class Pattern:
    """Selects topics.

    Args:
        text: The pattern, as above.

    Raises:
        EventError: It is none; the text says why.

    Attributes:
        text: Likewise.
    """

    __slots__ = ("_exact", "_parts", "text")

    def __init__(self, text: str) -> None:
        self.text = _checked("pattern", text)
        parts = self.text.split(".")
        self._exact = "*" not in self.text and bool(parts[-1])
        if not parts[-1] and len(parts) > 1:  # it ends with a dot
            parts[-1:] = ["*", _ANY]
        problem = _problem(parts)
        if problem is None and any(_ANY in part and part != _ANY for part in parts):
            problem = "'**' must be a whole part"
        if problem is not None:
            raise EventError(f"bad pattern {self.text!r}: {problem}")
        # Of each part what is between its wildcards; None for any number of parts.
        self._parts = [None if part == _ANY else part.split("*") for part in parts]

    def matches(self, topic: str) -> bool:
        """Tell whether *topic*, a valid one, is selected.

        Takes at most the product of the two lengths.
        """
        if self._exact:
            return topic == self.text
        names = topic.split(".")
        # Which numbers of parts of the topic the pattern can have used up so far.
        ends = [0]
        for part in self._parts:
            if part is None:
                ends = list(range(ends[0], len(names) + 1))
            else:
                ends = [
                    end + 1
                    for end in ends
                    if end < len(names) and _part_matches(part, names[end])
                ]
            if not ends:
                return False
        return ends[-1] == len(names)

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"


def _part_matches(pieces: list[str], name: str) -> bool:
    """Tell whether *name* has the first piece before and the last behind the others."""
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return name == first
    start, stop = len(first), len(name) - len(last)
    if stop < start or not name.startswith(first) or not name.endswith(last):
        return False
    for text in pieces[1:-1]:  # each as early as it can be, which leaves most to the next
        found = name.find(text, start, stop)
        if found < 0:
            return False
        start = found + len(text)
    return True


def _checked(what: str, text: object) -> str:
    """Return *text* if it is a text of a length that is allowed.

    Raises:
        EventError: It isn't.
    """
    if not isinstance(text, str):
        raise EventError(f"a {what} is a text, not {type(text).__name__}")
    if not text:
        raise EventError(f"a {what} has at least one character")
    if len(text) > MAX_TOPIC:
        raise EventError(
            f"bad {what} {text[:20]!r}...: {len(text)} characters, limit is {MAX_TOPIC}"
        )
    return str(text)


def _problem(parts: list[str]) -> str | None:
    """Return what is wrong with the parts of a topic or a pattern, None if nothing is."""
    if len(parts) > MAX_PARTS:
        return f"{len(parts)} parts, limit is {MAX_PARTS}"
    for part in parts:
        if not part:
            return "a part between dots is empty"
        if not part.isprintable() or any(letter.isspace() for letter in part):
            return "white space and control characters are not allowed"
    return None
