"""Waiting for many sockets at once."""

from __future__ import annotations

import select
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from ..net.sockets import wait_for

__all__ = ["Poller", "readable"]


class Poller:
    """A selector that other threads can wake and give work to.

    Whatever is watched is known by its socket and by a *thing* of the caller's.
    Only :meth:`wake` and :meth:`later` may be called from other threads.

    Attributes:
        waiting: Whether :meth:`poll` waits at this moment; maybe not any more.
    """

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._later: deque[Callable[[], None]] = deque()
        self._awake = False
        self._closed = False
        # Under which number something is watched: once it is closed it does not tell, and
        # a selector would look through all it has.
        self._numbers: dict[int, int] = {}
        self.waiting = False
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._ear.setblocking(False)
        self._selector.register(self._ear, selectors.EVENT_READ, None)

    @property
    def sockets(self) -> list[socket.socket]:
        """What is watched, for somebody else's loop."""
        if self._closed:
            return []
        found = [key.fileobj for key in list(self._selector.get_map().values())]
        return [s for s in found if isinstance(s, socket.socket) and s.fileno() >= 0]

    @property
    def selector(self) -> selectors.BaseSelector:
        """What does the waiting; to be looked at only."""
        return self._selector

    def watch(self, sock: Any, events: int, thing: Any) -> None:
        """Report *thing* when *sock* can be read (1) or written (2).

        Args:
            sock: A socket, or anything with a ``fileno()``.
            events: Which of the two.
            thing: What :meth:`poll` gives then.
        """
        try:
            key = self._selector.get_key(sock)
        except (KeyError, ValueError):
            self._register(sock, events, thing)
            return
        if key.fileobj is not sock:  # one that was closed, whose number came back
            self.forget(key.fileobj)
            self._register(sock, events, thing)
        elif key.events != events:
            self._selector.modify(sock, events, thing)

    def things(self, socks: Iterable[Any]) -> list[Any]:
        """Return the things of *socks*, ready or not; do first what :meth:`later` left."""
        things = []
        for sock in socks:
            with suppress(KeyError, ValueError):
                key = self._selector.get_key(sock)
                if self._heard(key):
                    things.append(key.data)
        self.catch_up()
        return things

    def move(self, other: Poller) -> None:
        """Hand over what is watched and what is to be done later; then close."""
        for key in list(self._selector.get_map().values()):
            gone = getattr(key.fileobj, "fileno", int)() < 0
            if key.fileobj is not self._ear and not gone:
                self.forget(key.fileobj)
                other.watch(key.fileobj, key.events, key.data)
        while self._later:
            other.later(self._later.popleft())
        self.close()

    def forget(self, sock: Any) -> None:
        """Do not report *sock* any more."""
        number = self._numbers.pop(id(sock), None)
        if number is not None:
            with suppress(KeyError, ValueError, OSError):
                self._selector.unregister(number)

    def _register(self, sock: Any, events: int, thing: Any) -> None:
        key = self._selector.register(sock, events, thing)
        self._numbers[id(sock)] = key.fd

    def later(self, function: Callable[[], None]) -> None:
        """Have the polling thread run *function* soon."""
        self._later.append(function)
        self.wake()

    @property
    def behind(self) -> bool:
        """Whether something is left for :meth:`catch_up`."""
        return bool(self._later)

    def catch_up(self) -> None:
        """Do what :meth:`later` left so far; :meth:`poll` does it, too."""
        for _ in range(len(self._later)):  # what jobs leave in turn waits for its own
            try:
                job = self._later.popleft()
            except IndexError:  # another thread, that ends the daemon, had it
                return
            job()

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
        self.waiting = True
        try:
            keys = self._selector.select(timeout)
        except (OSError, ValueError):
            if not self._closed:  # by another thread, at this moment
                raise
            return []
        finally:
            self.waiting = False
        ready = [key.data for key, _ in keys if self._heard(key)]
        self.catch_up()
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


def readable(socks: Iterable[socket.socket]) -> list[socket.socket]:
    """Return those that can be read now, asking the system once if it allows that."""
    if not hasattr(select, "poll"):
        return [sock for sock in socks if wait_for(sock, 0.0)]
    poll = select.poll()
    numbers = {}
    for sock in socks:
        number = sock.fileno()
        if number >= 0:  # else it was closed
            numbers[number] = sock
            poll.register(number, select.POLLIN)
    return [numbers[number] for number, _ in poll.poll(0)]
