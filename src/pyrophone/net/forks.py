"""What a process must do that was made by a fork, before anything else."""

from __future__ import annotations

import os
from collections.abc import Callable

__all__ = ["in_children"]


def in_children(function: Callable[[], object]) -> None:
    """Have *function* called in each process that is forked off this one.

    It runs before the program goes on there, in its only thread. Where there is no fork,
    nothing is done.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=function)
