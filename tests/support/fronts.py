"""Both clients, spelled alike, so that a scenario is written once.

A scenario is a plain function that calls, waits and compares, as a user of threads
writes it. With :class:`Threads` it uses ``pyrophone.sync`` itself, nothing between. With
:class:`Tasks` each operation is awaited by ``pyrophone.aio`` in a task of its own, on an
event loop in another thread, with the context variables of the scenario (``annotate``,
``deadline``); its outcome is handed back. So everything runs that the client of a user
runs. What is not seen this way is what several steps of *one* coroutine do; scenarios about
that are written as coroutines, and :meth:`Tasks.run` runs them.

Between proxies and attributes the two differ on purpose, so here it is always ``get`` and
``put``, which both have.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from kinds import Hosted
from loops import LoopThread, loop_thread
from pyrophone import aio, sync
from pyrophone.aio.client import codecs_for as aio_codecs_for
from pyrophone.sync.client import codecs_for as sync_codecs_for

__all__ = ["FRONTS", "Front", "Tasks", "Threads", "front_end"]

_END = object()


class Threads:
    """``pyrophone.sync``, as it is."""

    name = "sync"
    connect: Any = staticmethod(sync.connect)
    close: Any = staticmethod(sync.close)
    options: Any = staticmethod(sync.options)
    batch: Any = staticmethod(sync.batch)
    ping: Any = staticmethod(sync.ping)
    get: Any = staticmethod(sync.get)
    put: Any = staticmethod(sync.put)
    start: Any = staticmethod(sync.start)
    release: Any = staticmethod(sync.release)
    deadline: Any = staticmethod(sync.deadline)
    codecs_for: Any = staticmethod(sync_codecs_for)

    def lazily(self, uri: Any, **options: Any) -> Any:
        """Return a proxy that connects when it is first used."""
        return sync.Proxy.to(uri, **options)


class Tasks:
    """``pyrophone.aio``, driven from a thread.

    Args:
        thread: Where its loop runs.
    """

    name = "aio"
    deadline: Any = staticmethod(aio.deadline)
    codecs_for: Any = staticmethod(aio_codecs_for)

    def __init__(self, thread: LoopThread) -> None:
        self.thread = thread

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run a coroutine function on the loop of this client, to its end."""
        return self.thread.do(function, *map(_bare, args))

    def connect(self, *args: Any, **options: Any) -> Any:
        """Connect; return the facade of a proxy."""
        return self.do(aio.connect, *args, **options)

    def lazily(self, uri: Any, **options: Any) -> Any:
        """Return a proxy that connects when it is first used."""
        return self.do(aio.Proxy.to, uri, **options)

    def close(self, proxy: Any) -> None:
        """Close the connection of a proxy."""
        self.do(aio.close, proxy)

    def options(self, proxy: Any, **options: Any) -> Any:
        """Return a variant of a proxy."""
        return self.do(aio.options, proxy, **options)

    def batch(self, proxy: Any) -> Any:
        """Return a batch."""
        return self.do(aio.batch, proxy)

    def ping(self, proxy: Any) -> None:
        """Return once the daemon has answered."""
        self.do(aio.ping, proxy)

    def get(self, proxy: Any, name: str) -> Any:
        """Return an attribute."""
        return self.do(aio.get, proxy, name)

    def put(self, proxy: Any, name: str, value: Any) -> None:
        """Set an attribute."""
        self.do(aio.put, proxy, name, value)

    def start(
        self, method: Any, *args: Any, **kwargs: Any
    ) -> concurrent.futures.Future[Any]:
        """Start a call; cancelling the future that is returned cancels its task."""

        async def steps() -> Any:
            task = aio.start(_bare(method), *map(_bare, args), **kwargs)
            return _dressed(self, await task)

        return self.thread.begin(steps())

    def release(self, function: Any) -> None:
        """Give back a function."""
        self.do(aio.release, function)

    def do(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Do something on the loop; proxies and the like are dressed and undressed."""
        bare = {name: _bare(value) for name, value in kwargs.items()}
        return _dressed(self, self.thread.do(function, *map(_bare, args), **bare))


Front = Threads | Tasks


class _Facade:
    """Something of ``pyrophone.aio``, used as its twin of ``pyrophone.sync`` is.

    Attributes:
        bare: It.
    """

    def __init__(self, front: Tasks, bare: Any) -> None:
        self.front = front
        self.bare = bare

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.front.do(self.bare, *args, **kwargs)

    def __eq__(self, other: object) -> bool:
        return bool(self.bare == _bare(other))

    def __hash__(self) -> int:
        return hash(self.bare)

    def __repr__(self) -> str:
        return f"<facade of {self.bare!r}>"


class _Proxy(_Facade):
    def __getattr__(self, name: str) -> Any:
        return _Facade(self.front, getattr(self.bare, name))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.front.close(self)


class _Batch(_Facade):
    def __getattr__(self, name: str) -> Any:
        return getattr(self.bare, name)

    def __len__(self) -> int:
        return len(self.bare)


class _Items(_Facade):
    """Items that come one by one."""

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        item = self.front.do(anext, self.bare, _END)
        if item is _END:
            raise StopIteration
        return item

    def close(self) -> None:
        """Ask for no more of them."""
        self.front.do(self.bare.aclose)


def _dressed(front: Tasks, value: Any) -> Any:
    if isinstance(value, aio.Proxy):
        return _Proxy(front, value)
    if isinstance(value, aio.Batch):
        return _Batch(front, value)
    if isinstance(value, aio.RemoteFunction):
        return _Facade(front, value)
    if hasattr(value, "__anext__"):
        return _Items(front, value)
    if isinstance(value, list):
        return [_dressed(front, item) for item in value]
    return value


def _bare(value: Any) -> Any:
    if type(value) in (list, tuple):  # a named one has nothing to undress
        return type(value)(map(_bare, value))
    return value.bare if isinstance(value, _Facade | Hosted) else value


FRONTS = ("sync", "aio")


@contextmanager
def front_end(name: str) -> Iterator[Front]:
    """Give the client of that name; "aio-uvloop" is aio on a loop of uvloop."""
    if name == "sync":
        yield Threads()
        return
    with loop_thread(uvloop=name.endswith("uvloop")) as thread:
        yield Tasks(thread)
