"""What a process must do, and must not, that was made by a fork."""

from __future__ import annotations

import os
from collections.abc import Callable

from ..errors import ConnectError

__all__ = ["Claim", "in_children"]


def in_children(function: Callable[[], object]) -> None:
    """Have *function* called in each process that is forked off this one.

    It runs before the program goes on there, in its only thread. Where there is no fork,
    nothing is done.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=function)


class Claim:
    """Says that a socket is used by this process, and not by its children, too."""

    __slots__ = ("_owner",)

    def __init__(self) -> None:
        self._owner: int | None = None

    def take(self) -> None:
        """Claim it, if no process has done so.

        Raises:
            ConnectError: Another process has it.
        """
        process = os.getpid()
        if self._owner is None:
            self._owner = process
        if self._owner != process:
            raise ConnectError(
                "the socket that this proxy was given is that of the process which this "
                "one was forked off: make another proxy, with a socket of its own"
            )
