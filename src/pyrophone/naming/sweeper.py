"""Drops names whose daemon is gone."""

from __future__ import annotations

import errno
import logging
import socket
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeAlias

from ..errors import ConnectError, InvalidURIError, NamingError
from ..finding import NAME_SERVER_ID
from ..net.sockets import connect_socket
from ..objects.table import DAEMON_ID
from ..uri import URI
from .storage import Record, Storage

__all__ = ["Sweeper"]

_log = logging.getLogger("pyrophone.names")

_KEPT = (NAME_SERVER_ID, DAEMON_ID)
# What says of a daemon that it can't be reached, and not of this machine.
_GONE = (
    ConnectionError,
    TimeoutError,
    OverflowError,  # there is no such port
    UnicodeError,  # nor such a host
)
_GONE_NUMBERS = (errno.EHOSTUNREACH, errno.EHOSTDOWN)

Entry: TypeAlias = tuple[str, Record]


class Sweeper:
    """Drops names whose daemon could not be reached for a while.

    It connects to each daemon and disconnects at once. What it can't judge stays: names
    that lead to other names, Unix sockets without a file here (they may be on another
    machine), everything while this machine itself is short of network or descriptors,
    the name server's own entry, and those of daemons. A name that is registered anew
    meanwhile is not dropped, nor is one whose daemon comes back.

    Args:
        storage: Where the names are; other threads and processes may use it, too.
        grace: For how long a daemon must have been unreachable, in seconds.
        timeout: For one attempt to connect, in seconds.
        parallel: How many attempts there may be at once, one thread each.

    Attributes:
        grace: As above; it may be changed.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        grace: float = 20.0,
        timeout: float = 5.0,
        parallel: int = 16,
    ) -> None:
        self._storage = storage
        self.grace = grace
        self._timeout = timeout
        self._parallel = parallel
        self._since: dict[Entry, float] = {}  # when found unreachable first
        self._closing = threading.Event()

    def sweep(self, now: float | None = None) -> list[str]:
        """Look at all names once; return those that were dropped, sorted.

        Args:
            now: The time in seconds, by any clock that only goes forward.

        Raises:
            NamingError: The storage fails.
        """
        now = time.monotonic() if now is None else now
        places = self._places()
        with ThreadPoolExecutor(self._parallel, "pyrophone-sweeper") as pool:
            found = list(pool.map(partial(self._judge, now), places, places.values()))
        self._since = {entry: since for waiting, _ in found for entry, since in waiting}
        dropped = sorted(name for _, names in found for name in names)
        if dropped:
            _log.info("dropped, because their daemons are gone: %s", ", ".join(dropped))
        return dropped

    def serve(self, interval: float) -> None:
        """Sweep every *interval* seconds until :meth:`close` is called."""
        while not self._closing.wait(interval):
            try:
                self.sweep()
            except Exception as error:  # the next time it may work
                _log.warning(
                    "names of daemons that are gone stay for now: %s",
                    error,
                    exc_info=not isinstance(error, NamingError),
                )

    def close(self) -> None:
        """Stop; a sweep that goes on drops nothing more."""
        self._closing.set()

    def _places(self) -> dict[URI, list[Entry]]:
        """Return where the names lead, and which names lead there."""
        places: dict[URI, list[Entry]] = {}
        for name, record in self._storage.find().items():
            try:
                uri = URI.parse(record.uri)
            except InvalidURIError:  # not by a name server of ours
                continue
            if uri.scheme == "PYRO" and name not in _KEPT:
                place = URI("PYRO", "x", uri.socket_name, uri.host, uri.port)
                places.setdefault(place, []).append((name, record))
        return places

    def _judge(
        self, now: float, place: URI, entries: Iterable[Entry]
    ) -> tuple[list[tuple[Entry, float]], list[str]]:
        """Look at one place; drop the names that lead there, if it is time.

        Returns:
            What is unreachable but not for long enough, and since when; and the names
            that were dropped.
        """
        if not self._is_gone(place):
            return [], []
        waiting = [(entry, self._since.get(entry, now)) for entry in entries]
        due = [entry for entry, since in waiting if now - since >= self.grace]
        gone = [
            (name, record)
            for name, record in due
            if self._storage.delete([name], expected=record)
        ]
        # Who registered the same again a moment ago listens by now.
        if gone and not self._is_gone(place):
            for name, record in gone:
                self._storage.put(name, record.uri, record.tags, expected=None)
            return [], []
        return [one for one in waiting if one[0] not in due], [name for name, _ in gone]

    def _is_gone(self, place: URI) -> bool:
        if self._closing.is_set():
            return False
        try:
            connect_socket(place, self._timeout).close()
        except ConnectError as error:
            return _is_telling(place, error.__cause__)
        except ValueError:  # what can be no address
            return True
        return False


def _is_telling(place: URI, error: BaseException | None) -> bool:
    """Tell whether *error* means that there is no daemon at *place*."""
    if place.socket_name is not None:
        is_file = not place.socket_name.startswith("\0")
        return is_file and isinstance(error, ConnectionRefusedError)
    if isinstance(error, socket.gaierror):
        return error.errno in (socket.EAI_NONAME, socket.EAI_SERVICE)
    if isinstance(error, _GONE):
        return True
    return isinstance(error, OSError) and error.errno in _GONE_NUMBERS
