"""What all proxies of a process share: connections, the keeper, a few threads."""

from __future__ import annotations

import atexit
import importlib
import threading
import weakref
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..net.forks import in_children
from .channels import LateError
from .exchange import Exchange
from .keeper import Keeper
from .pool import Workers
from .waiters import seconds_until

if TYPE_CHECKING:
    from .coroutines import Coroutines

__all__ = ["HUB", "Heir", "Hub"]

T = TypeVar("T")
_MANY = 64  # entries after which those of lost connections are looked for
_THREADS = 80  # of each kind, at most
_IDLE = 1.0  # seconds after which one without work ends


class Heir(Protocol):
    """What a forked process has from its parent."""

    def disown(self) -> None:
        """Give up what is the parent's; called before anything else runs."""


class Entry:
    """The connection that proxies to one daemon share.

    Attributes:
        lock: Of who looks for it, or makes it.
    """

    __slots__ = ("_connection", "lock")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._connection: weakref.ref[Any] | None = None

    @property
    def connection(self) -> Any:
        """The connection, None if there is none any more."""
        connection = self._connection() if self._connection is not None else None
        return None if connection is None or connection.closed else connection

    @connection.setter
    def connection(self, connection: Any) -> None:
        self._connection = weakref.ref(connection)


class Hub:
    """The registry of shared connections of this process, and what serves them.

    Attributes:
        results: Threads that hand out the results of calls nobody waits for.
        functions: Threads that run functions for daemons.
        starts: Threads that wait in place of who started a call.
    """

    def __init__(self) -> None:
        self._heirs: dict[int, weakref.ref[Any]] = {}
        self._coroutines: Coroutines | None = None
        self._parents: Coroutines | None = None  # it must not end in a child
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.RLock()
        self._entries: dict[Hashable, Entry] = {}
        self._shared: dict[Hashable, Any] = {}
        self._keeper: Keeper | None = None
        self._parents, self._coroutines = self._coroutines or self._parents, None
        self._users: dict[int, weakref.ref[Any]] = {}  # of the coroutines
        self.results = Workers(_THREADS, "pyrophone-results-#", idle=_IDLE)
        self.starts = Workers(_THREADS, "pyrophone-calls-#", idle=_IDLE)
        self.functions = Workers(_THREADS, "pyrophone-functions-#", idle=_IDLE)

    @contextmanager
    def entry(self, key: Hashable, limit: float | None) -> Iterator[Entry]:
        """Hold the entry for *key*.

        Raises:
            LateError: Another thread held it until *limit*.
        """
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                if len(self._entries) >= _MANY:
                    self._clean()
                entry = self._entries[key] = Entry()
        if not entry.lock.acquire(timeout=seconds_until(limit)):
            raise LateError
        try:
            yield entry
        finally:
            entry.lock.release()

    def shared(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what *make* gave for *key* before, or gives now."""
        with self._lock:
            if key not in self._shared:
                if len(self._shared) >= _MANY:
                    self._shared.clear()
                self._shared[key] = make()
            value: T = self._shared[key]
            return value

    def attend(self, connection: Exchange) -> None:
        """Have the keeper look after *connection*."""
        with self._lock:
            if self._keeper is None:
                self._keeper = Keeper(self._may_end)
                self._keeper.attend(connection)
                self._keeper.start()
            else:
                self._keeper.attend(connection)

    def nudge(self, connection: Exchange) -> None:
        """Have the keeper do what finalizers left; takes no lock."""
        keeper = self._keeper
        if keeper is not None:  # as it is as long as there is a shared connection
            keeper.attend(connection)

    def wake(self) -> None:
        """Have the keeper see what has become of connections; takes no lock."""
        keeper = self._keeper
        if keeper is not None:
            keeper.wake()

    def coroutines(self, user: object) -> Coroutines:
        """Return what runs coroutines, for as long as *user* lives or :meth:`leave`\\ s."""
        # Imported here, since asyncio takes longer to import than all of this.
        module = importlib.import_module(".coroutines", __package__)
        with self._lock:
            if self._coroutines is None:
                self._coroutines = module.Coroutines("pyrophone-functions-async")
                atexit.unregister(self._end_coroutines)
                atexit.register(self._end_coroutines)
            coroutines = self._coroutines
            key = id(user)
            if key not in self._users:
                users = self._users
                forget = _forgetter(users, key)

                def gone(reference: Any) -> None:  # at any time, in any thread
                    forget(reference)
                    coroutines.soon(self._rest)

                users[key] = weakref.ref(user, gone)
            return coroutines

    def leave(self, user: object) -> None:
        """Note that *user* has no coroutines any more."""
        with self._lock:
            if self._users.pop(id(user), None) is not None and self._coroutines:
                self._coroutines.soon(self._rest)

    def remember(self, heir: Heir) -> None:
        """Tell *heir* about it when this process is forked, in the child."""
        key = id(heir)
        heirs = self._heirs
        heirs[key] = weakref.ref(heir, _forgetter(heirs, key))

    def disown(self) -> None:
        """Begin anew, in a process that was forked off."""
        # All of them held, or one would end, and shut down what is the parent's, when
        # another lets go of it.
        heirs = [reference() for reference in list(self._heirs.values())]
        for heir in heirs:
            if heir is not None:
                heir.disown()
        keeper = self._keeper
        self._begin()
        if keeper is not None:
            keeper.disown()

    def _may_end(self) -> bool:
        with self._lock:
            if self._keeper is None or self._keeper.busy:
                return False
            self._keeper = None
            return True

    def _rest(self) -> None:
        """End the loop of coroutines if nobody uses it; it calls this itself."""
        with self._lock:
            if not self._users:
                self._end_coroutines()

    def _end_coroutines(self) -> None:
        coroutines, self._coroutines = self._coroutines, None
        if coroutines is not None:
            coroutines.close()

    def _clean(self) -> None:
        for key, entry in list(self._entries.items()):
            if entry.connection is None and not entry.lock.locked():
                del self._entries[key]


def _forgetter(heirs: dict[int, Any], key: int) -> Callable[[Any], None]:
    def forget(reference: Any) -> None:
        if heirs.get(key) is reference:  # or it is that of a later one
            del heirs[key]

    return forget


HUB = Hub()
in_children(HUB.disown)
