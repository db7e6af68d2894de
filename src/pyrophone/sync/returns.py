"""The order in which functions are given back, where threads look at their calls."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..wire.events import Call

__all__ = ["Returns"]


class Returns:
    """Has functions given back when the calls that came earlier have found theirs.

    Calls are read in threads, so that one of a function may be looked at later than the
    call by which it is given back, though it came first. Thread-safe.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._coming: dict[Call, None] = {}  # not looked at yet, oldest first
        self._returned: dict[Call, Callable[[], object]] = {}

    def come(self, call: Call) -> None:
        """Note that *call* came; in the order of coming."""
        with self._lock:
            self._coming[call] = None

    def begun(self, call: Call, give_back: Callable[[], object] | None = None) -> None:
        """Note that *call* was looked at; once more makes no difference.

        Args:
            call: What did not come before, comes now.
            give_back: What it asks for, to be done in its turn; None if for nothing.
        """
        due = []
        with self._lock:
            if give_back is None:
                if call not in self._returned:  # or it is still to be done
                    self._coming.pop(call, None)
            else:
                self._coming[call] = None  # where it stands already, or behind all
                self._returned[call] = give_back
            for first in [*self._coming] if self._returned else []:
                if first not in self._returned:
                    break
                del self._coming[first]
                due.append(self._returned.pop(first))
        for returned in due:  # what it frees may run code of the user
            returned()
