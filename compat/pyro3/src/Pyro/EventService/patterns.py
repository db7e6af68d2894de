"""Regular expressions of strangers: the syntax of :mod:`re`, in bounded time.

``re`` tries one way through a pattern after the other; there are short patterns with more
ways than anyone can wait for, and it keeps the interpreter to itself meanwhile. Here all
ways are followed at the same time, so that a match takes a number of steps that is at most
the size of the pattern times the length of the subject. What can't be done so (looking
ahead or behind, referring back to groups, giving up no match) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from .syntax import Repeat, parse

__all__ = ["LONGEST_PATTERN", "MOST_STEPS", "Pattern"]

LONGEST_PATTERN = 200  # characters
MOST_STEPS = 500  # what a pattern may come to when its repetitions are written out

_Instruction: TypeAlias = tuple[int, Any]  # what to do, and with what
_CHARACTER, _SPLIT, _ASSERT, _FOUND = range(4)


class Pattern:
    """A regular expression, matched from the start of a subject whatever its case.

    Args:
        text: As ``re`` understands it.

    Raises:
        re.error: It is no regular expression, or one that is not allowed here.
        TypeError: It is no text.
    """

    __slots__ = ("_program",)

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"a pattern is a text, not {type(text).__name__}")
        if len(text) > LONGEST_PATTERN:
            raise re.error(f"pattern of more than {LONGEST_PATTERN} characters")
        try:
            re.compile(text, re.IGNORECASE)
        except OverflowError as error:
            raise re.error(str(error)) from None
        compiler = _Compiler()
        compiler.add(parse(text))
        compiler.put(_FOUND)
        self._program = compiler.program

    @property
    def steps(self) -> int:
        """How many steps a character of a subject may take."""
        return len(self._program)

    def matches(self, subject: str) -> bool:
        """Tell whether the pattern matches the start of *subject*."""
        program, end = self._program, len(subject)
        waiting = [0]
        for place in range(end + 1):
            found, characters = _follow(program, waiting, subject, place)
            if found:
                return True
            if place == end:
                break
            waiting = [
                number + 1
                for number in characters
                if program[number][1](subject[place]) is not None
            ]
            if not waiting:
                break
        return False


def _follow(
    program: list[_Instruction], waiting: list[int], subject: str, place: int
) -> tuple[bool, list[int]]:
    """Go as far as goes without taking a character.

    Returns:
        Whether the end of the pattern was reached, and what wants the next character.
    """
    seen = bytearray(len(program))
    characters = []
    while waiting:
        number = waiting.pop()
        if seen[number]:
            continue
        seen[number] = True
        kind, what = program[number]
        if kind == _CHARACTER:
            characters.append(number)
        elif kind == _SPLIT:
            waiting.extend(what)
        elif kind == _FOUND:
            return True, characters
        elif what.match(subject, place):
            waiting.append(number + 1)
    return False, characters


class _Compiler:
    """Writes what :func:`parse` found as a list of instructions."""

    def __init__(self) -> None:
        self.program: list[_Instruction] = []
        self._kinds: dict[type, Callable[[Any], None]] = {
            list: self._all_of,
            tuple: self._one_of,
            Repeat: self._repeated,
            str: self._character,
            re.Pattern: self._assertion,
        }

    def put(self, kind: int, what: Any = None) -> int:
        """Append an instruction; return its number."""
        if len(self.program) > MOST_STEPS:
            raise re.error(f"pattern that takes more than {MOST_STEPS} steps")
        self.program.append((kind, what))
        return len(self.program) - 1

    def add(self, node: Any) -> None:
        """Append the instructions for *node*."""
        self._kinds[type(node)](node)

    def _character(self, text: str) -> None:
        self.put(_CHARACTER, re.compile(text, re.IGNORECASE).match)

    def _assertion(self, what: re.Pattern[str]) -> None:
        self.put(_ASSERT, what)

    def _all_of(self, nodes: list[Any]) -> None:
        for node in nodes:
            self.add(node)

    def _one_of(self, nodes: tuple[Any, ...]) -> None:
        ends = []
        for node in nodes[:-1]:
            fork = self.put(_SPLIT)
            self.add(node)
            ends.append(self.put(_SPLIT))
            self.program[fork] = (_SPLIT, (fork + 1, len(self.program)))
        self.add(nodes[-1])
        for end in ends:
            self.program[end] = (_SPLIT, (len(self.program),))

    def _repeated(self, repeat: Repeat) -> None:
        for _ in range(repeat.least):
            self._again(repeat.node)
        if repeat.most is None:
            fork = self.put(_SPLIT)
            self.add(repeat.node)
            self.put(_SPLIT, (fork,))
            self.program[fork] = (_SPLIT, (fork + 1, len(self.program)))
            return
        forks = []
        for _ in range(repeat.most - repeat.least):
            forks.append(self.put(_SPLIT))
            self._again(repeat.node)
        for fork in forks:
            self.program[fork] = (_SPLIT, (fork + 1, len(self.program)))

    def _again(self, node: Any) -> None:
        """Append *node*, and a step even if it is empty: so repetitions come to an end."""
        self.put(_SPLIT, (len(self.program) + 1,))
        self.add(node)
