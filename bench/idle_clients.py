"""Clients that are connected and do nothing but give signs of life, as ours do.

``idle_clients.py URI COUNT`` connects, prints how many were accepted and how many were not,
and stays until its standard input ends. They share one process and one thread, so that they
leave the machine to who is measured beside them.
"""

from __future__ import annotations

import selectors
import socket
import sys
import time
from contextlib import suppress

from driver import end_with_parent
from pyrophone import URI, Settings
from pyrophone.frontend.remotes import session_to
from pyrophone.sync.client import codecs_for
from pyrophone.wire.client import ClientSession
from pyrophone.wire.dialects import PYRO5
from pyrophone.wire.events import Welcome

AT_ONCE = 100  # fewer than a daemon lets greet at the same time
LIMIT = 30.0  # seconds to wait for an answer
SLICES = 30  # parts of a beat, in each of which as many of the clients give signs


class Client:
    """One connection, greeted once :meth:`settle` has said so."""

    __slots__ = ("session", "sock")

    def __init__(self, uri: URI) -> None:
        settings = Settings()
        self.session: ClientSession = session_to(
            uri, settings, codecs_for(settings), seq=0, greeted=False, dialect=PYRO5
        )
        self.sock = socket.create_connection((uri.host, uri.port), LIMIT)
        self.sock.sendall(self.session.greet("hello"))

    def settle(self) -> bool:
        """Wait for the daemon's answer; return whether we are welcome."""
        try:
            while data := self.sock.recv(65536):
                self.session.receive(data)
                event = self.session.next()
                if event is not None:
                    return isinstance(event, Welcome)
        except OSError:
            pass
        return False


class Beats:
    """Signs of life of all clients, a part of them at a time."""

    def __init__(self) -> None:
        self._part = 0
        self._due = time.monotonic()

    def give(self, clients: list[Client]) -> float | None:
        """Give those that are due; return the seconds until the next, None for never."""
        beat = clients[0].session.beat if clients else 0.0
        if not beat:
            return None
        pulse = clients[0].session.pulse()  # the same for all
        while time.monotonic() >= self._due:
            for client in clients[self._part :: SLICES]:
                with suppress(OSError):  # it was turned out since
                    client.sock.send(pulse)
            self._part = (self._part + 1) % SLICES
            self._due += beat * 0.75 / SLICES
        return self._due - time.monotonic()


def connect(uri: URI, count: int, beats: Beats) -> list[Client]:
    """Connect so often; return those who were accepted."""
    accepted: list[Client] = []
    for start in range(0, count, AT_ONCE):
        clients = []
        for _ in range(min(AT_ONCE, count - start)):
            try:
                clients.append(Client(uri))
            except OSError as error:
                print(f"idle: {error}", file=sys.stderr)
        accepted += [client for client in clients if client.settle()]
        beats.give(accepted)
    return accepted


def stay(clients: list[Client], beats: Beats) -> None:
    """Give signs of life for ever, and read those of the daemon."""
    selector = selectors.DefaultSelector()
    for client in clients:
        client.sock.setblocking(False)
        selector.register(client.sock, selectors.EVENT_READ, client)
    lost = 0
    while True:
        pause = beats.give(clients)
        for key, _ in selector.select(pause):
            with suppress(OSError):
                if key.data.sock.recv(65536):
                    continue
            selector.unregister(key.fileobj)
            lost += 1
            print(f"idle: {lost} connections were lost", file=sys.stderr)


def main() -> None:
    """Connect, say so, stay."""
    uri = URI.parse(sys.argv[1])
    count = int(sys.argv[2])
    beats = Beats()
    clients = connect(uri, count, beats)
    print(len(clients), count - len(clients), flush=True)
    end_with_parent()
    stay(clients, beats)


if __name__ == "__main__":
    main()
