"""Signs of life of a daemon, and those of its clients, whatever else its threads do."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable

from ..net.sockets import wait_for
from ..wire.ends import BEAT_PAYLOAD
from ..wire.framing import HEADER
from .link import Link

__all__ = ["Pulse", "only_sign"]

_log = logging.getLogger("pyrophone.daemon")

_SIGN = HEADER.size + len(BEAT_PAYLOAD)  # bytes
_LOOKS = 4  # in the time between two signs of life
_SILENCES = 3  # such times without a sign, after which a client is lost


class Pulse:
    """A thread that runs no code of users; there is one while a client expects signs.

    Their silence is counted in its own looks: those it missed, because the process was
    stopped, say nothing against clients. Ours is what the clock says: with many clients a
    look takes longer than the pause behind it.

    Args:
        links: Returns all connections of the daemon.
        name: Of the thread, for debuggers.
        longest: Seconds between two looks, at most.
        look: Called at each, with the connections that there are.
    """

    def __init__(
        self,
        links: Callable[[], Iterable[Link]],
        name: str,
        longest: float,
        look: Callable[[list[Link]], object],
    ) -> None:
        self._links = links
        self._name = name
        self._longest = longest
        self._look = look
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._over = threading.Event()

    def need(self) -> None:
        """See to it that the thread runs: there is a client who expects signs."""
        with self._lock:
            if self._thread is None and not self._over.is_set():
                self._thread = threading.Thread(
                    target=self._run, name=self._name, daemon=True
                )
                self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._over.set()
        with self._lock:
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        last = time.monotonic()
        while True:
            with self._lock:
                links = [link for link in self._links() if link.session.beat]
                if not links:
                    self._thread = None
                    return
            beat = min(link.session.beat for link in links)
            pause = min(beat / _LOOKS, self._longest)
            if self._over.wait(pause):
                return
            now = time.monotonic()
            for link in links:
                if link.greeted and not link.closed:
                    self._judge(link, pause, now - last)
            last = now
            self._look([link for link in links if link.greeted and not link.closed])

    def _judge(self, link: Link, pause: float, passed: float) -> None:
        beat = link.session.beat
        link.quiet += passed
        link.silent += pause
        if link.quiet > beat - pause:
            link.beat()
        if link.silent >= _SILENCES * beat and not wait_for(link.sock, 0.0):
            _log.info("client %s is lost: it gave no sign of life", link.client.address)
            link.lose()
        elif link.calls is not None:
            link.calls.tidy()


def only_sign(link: Link) -> bool:
    """Tell whether a link that was silent can be read, and has nothing but a sign of life.

    Such a sign needs no worker, and of many clients there is always one.
    """
    if not link.silent or type(link.sock) is not socket.socket:
        return False
    try:
        data = link.sock.recv(_SIGN + 1, socket.MSG_PEEK)
    except OSError:
        return False
    return len(data) == _SIGN and data.startswith(b"PYRO") and data.endswith(BEAT_PAYLOAD)
