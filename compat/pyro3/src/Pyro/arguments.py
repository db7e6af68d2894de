"""A small reader of command lines."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

__all__ = ["ArgParser"]

_NONE = object()


class ArgParser:
    """Reads options of one letter. Those that are unknown are collected, not refused.

    Attributes:
        options: The options found, with their values.
        args: What follows them.
        ignored: The options that are unknown.
    """

    def __init__(self) -> None:
        self.options: dict[str, str | None] = {}
        self.args: list[str] = []
        self.ignored: list[str] = []

    def parse(self, args: Sequence[str], optargs: str) -> None:
        """Read a command line.

        Args:
            args: What stands in it, without the program.
            optargs: The letters of options; a colon follows one that has a value.
        """
        self.options, self.ignored = {}, []
        rest = list(args)
        while rest and rest[0].startswith("-") and len(rest[0]) > 1:
            word = rest.pop(0)
            if word == "--":
                break
            self._word(word[1:], rest, optargs)
        self.args = rest

    def _word(self, letters: str, rest: list[str], optargs: str) -> None:
        while letters:
            letter, letters = letters[0], letters[1:]
            place = optargs.find(letter) if letter != ":" else -1
            if place < 0:
                self.ignored.append("-" + letter)
            elif optargs[place + 1 : place + 2] == ":":
                value = letters or (rest.pop(0) if rest else None)
                self.options[letter] = value
                return
            else:
                self.options[letter] = None

    def hasOpt(self, option: str) -> bool:
        """Tell whether an option was given."""
        return option in self.options

    def getOpt(self, option: str, default: Any = _NONE) -> Any:
        """Return the value of an option.

        Raises:
            KeyError: It was not given, and there is no default.
        """
        if option in self.options:
            return self.options[option]
        if default is _NONE:
            raise KeyError("no such option")
        return default

    def printIgnored(self) -> None:
        """Tell the user what was ignored."""
        if self.ignored:
            print("Ignored options:", " ".join(self.ignored), file=sys.stdout)
        if self.args:
            print("Ignored arguments:", " ".join(self.args), file=sys.stdout)
