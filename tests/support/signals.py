"""Signals for the main thread, while it waits."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from running import LIMIT

__all__ = ["signalled"]

_AGAIN = 0.05  # seconds


@contextmanager
def signalled(number: int, act: Callable[[], Any]) -> Iterator[Callable[[], None]]:
    """Have *act* called once in this thread; give what calls for it, from another thread.

    A signal that comes right before a thread begins to wait does not end that wait, and who
    sends it can't see that. So it is sent until it is heard.

    Args:
        number: The signal.
        act: May raise, which comes out where this thread is.
    """
    main = threading.get_ident()
    heard = threading.Event()

    def handle(*_: Any) -> None:
        if not heard.is_set():
            heard.set()
            act()

    def send() -> None:
        for _ in range(round(LIMIT / _AGAIN)):
            signal.pthread_kill(main, number)
            if heard.wait(_AGAIN):
                return

    before = signal.signal(number, handle)
    try:
        yield send
    finally:
        signal.signal(number, before)
