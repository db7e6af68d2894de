"""Waiting for many sockets at once."""

from __future__ import annotations

import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

__all__ = ["Poller"]


class Poller:
    """A selector that other threads can wake and give work to.

    Whatever is watched is known by its socket and by a *thing* of the caller's.
    Only :meth:`wake` and :meth:`later` may be called from other threads.
    """

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._later: deque[Callable[[], None]] = deque()
        self._awake = False
        self._closed = False
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._ear.setblocking(False)
        self._selector.register(self._ear, selectors.EVENT_READ, None)

    @property
    def sockets(self) -> list[socket.socket]:
        """What is watched, for somebody else's loop."""
        keys = list(self._selector.get_map().values())
        return [key.fileobj for key in keys if isinstance(key.fileobj, socket.socket)]

    def watch(self, sock: socket.socket, events: int, thing: Any) -> None:
        """Report *thing* when *sock* can be read (1) or written (2)."""
        try:
            key = self._selector.get_key(sock)
        except (KeyError, ValueError):
            self._selector.register(sock, events, thing)
            return
        if key.events != events:
            self._selector.modify(sock, events, thing)

    def forget(self, sock: socket.socket) -> None:
        """Do not report *sock* any more."""
        with suppress(KeyError, ValueError, OSError):
            self._selector.unregister(sock)

    def later(self, function: Callable[[], None]) -> None:
        """Have the polling thread run *function* soon."""
        self._later.append(function)
        self.wake()

    def wake(self) -> None:
        """Make a :meth:`poll` under way return."""
        with self._lock:
            if self._awake or self._closed:
                return
            self._awake = True
            with suppress(OSError):
                self._bell.send(b"\0")

    def poll(self, timeout: float | None) -> list[Any]:
        """Wait, in seconds; return the things whose sockets are ready."""
        ready = [key.data for key, _ in self._selector.select(timeout) if self._heard(key)]
        while self._later:
            self._later.popleft()()
        return ready

    def close(self) -> None:
        """Give up what the poller itself holds; what it watched stays open."""
        with self._lock:
            self._closed = True
        self._selector.close()
        self._bell.close()
        self._ear.close()

    def _heard(self, key: selectors.SelectorKey) -> bool:
        if key.fileobj is not self._ear:
            return True
        with self._lock:  # in this order, or a bell in between would not be heard
            with suppress(OSError):
                self._ear.recv(64)
            self._awake = False
        return False
