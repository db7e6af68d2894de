"""Every kind of daemon, made and used alike."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from loops import LoopThread, loop_thread
from pyrophone import aio, sync
from running import LIMIT, running

__all__ = ["KINDS", "Hosted", "Kind", "counting"]


class Kind:
    """A kind of daemon.

    Attributes:
        name: "threads", "loop", "aio" or "aio-uvloop".
        base: Its class, for those who override hooks.
        one_at_a_time: Whether a plain method keeps all others waiting.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.base: Any = {"threads": sync.Daemon, "loop": sync.LoopDaemon}.get(
            name, aio.Daemon
        )
        self.one_at_a_time = name == "loop"

    @contextmanager
    def serving(self, cls: Any = None, **options: Any) -> Iterator[Any]:
        """Serve with a daemon of this kind, or of a class derived from it."""
        make = cls or self.base
        if issubclass(self.base, sync.LoopDaemon):
            with running(make(**options)) as daemon:
                yield daemon
            return
        with loop_thread(uvloop=self.name.endswith("uvloop")) as thread:
            yield from _on_loop(thread, make, options)

    def __repr__(self) -> str:
        return self.name


class Hosted:
    """A daemon of ``pyrophone.aio``, used from a thread that is not its loop's.

    Attributes:
        bare: It.
    """

    def __init__(self, thread: LoopThread, bare: Any) -> None:
        self.thread = thread
        self.bare = bare

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.bare, name)
        if not callable(value):
            return value
        return lambda *args, **kwargs: self.thread.do(value, *args, **kwargs)


def _on_loop(
    thread: LoopThread, make: Callable[..., Any], options: dict[str, Any]
) -> Iterator[Hosted]:
    daemon = thread.do(make, **options)
    served = thread.begin(daemon.serve())
    try:
        yield Hosted(thread, daemon)
    finally:
        thread.do(daemon.close)
        served.result(LIMIT)


KINDS = ("threads", "loop", "aio")


def counting(base: Any) -> Any:
    """Return a class of daemons that know their clients.

    It has ``present``, the clients that are there; ``arrivals``, how many ever were;
    and ``empty``, an event that is set whenever the last one has left.
    """

    class Counting(base):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.present: set[Any] = set()
            self.arrivals = 0
            self.empty = threading.Event()
            super().__init__(*args, **kwargs)

        def greets(self, client: Any, handshake: Any) -> Any:
            self.arrivals += 1
            self.present.add(client)
            self.empty.clear()
            return super().greets(client, handshake)

        def left_by(self, client: Any) -> None:
            super().left_by(client)
            self.present.discard(client)
            if not self.present:
                self.empty.set()

    return Counting
