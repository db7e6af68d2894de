"""A server that answers when and in the order in which a test says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pyrophone import URI, Settings
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.wire.events import Call, Greeting
from pyrophone.wire.features import FEATURES
from pyrophone.wire.metadata import Metadata
from pyrophone.wire.server import ServerSession
from running import LIMIT

__all__ = ["MEMBERS", "End", "script"]

MEMBERS = Metadata(frozenset({"f", "g", "items", "get_metadata"}), frozenset({"tell"}))


class End:
    """The server's end of one connection."""

    def __init__(
        self, sock: socket.socket, features: frozenset[str] | None, beat: float | None
    ) -> None:
        self.sock = sock
        sock.settimeout(LIMIT)
        codecs = make_codecs(ClassTable(), Settings())
        self.session = ServerSession(codecs, supported=features or frozenset(), beat=beat)
        greeting = self.event()
        assert isinstance(greeting, Greeting)
        self.send(self.session.welcome(greeting, "hello", MEMBERS))

    def event(self) -> Any:
        """Return what comes next; None at the end."""
        while (event := self.session.next()) is None:
            data = self.sock.recv(65536)
            if not data:
                return None
            self.session.receive(data)
        return event

    def call(self) -> Call:
        """Return the call that comes next."""
        event = self.event()
        assert isinstance(event, Call), event
        return event

    def calls(self, count: int) -> list[Call]:
        """Return as many calls."""
        return [self.call() for _ in range(count)]

    def answer(self, call: Call, value: Any) -> None:
        """Answer *call* with *value*."""
        self.send(self.session.result(call, value))

    def send(self, data: bytes) -> None:
        """Send *data*."""
        self.sock.sendall(data)


@contextmanager
def script(
    *parts: Callable[[End], object],
    features: frozenset[str] | None = FEATURES,
    beat: float | None = None,
) -> Iterator[URI]:
    """Run each of *parts* with one connection; give the address.

    What a part raises is raised at the end.
    """
    failures: list[BaseException] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(part: Callable[[End], object], sock: socket.socket) -> None:
            try:
                with sock:
                    part(End(sock, features, beat))
                    with suppress(OSError):
                        sock.shutdown(socket.SHUT_RDWR)
            except BaseException as error:
                failures.append(error)

        def accept() -> None:
            for part in parts:
                try:
                    sock, _ = listener.accept()
                except OSError as error:
                    failures.append(error)
                    return
                threads.append(threading.Thread(target=serve, args=(part, sock)))
                threads[-1].start()

        listener.settimeout(LIMIT)
        threads = [threading.Thread(target=accept, name="script")]
        threads[0].start()
        try:
            yield URI("PYRO", "x", None, *listener.getsockname())
        finally:
            for thread in threads:
                thread.join(LIMIT)
                assert not thread.is_alive()
    if failures:
        raise failures[0]
