"""A client that does what a test says, message by message, with all features."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyrophone import Settings
from pyrophone.objects.functions import (
    FunctionCrossing,
    FunctionTable,
    RemoteFunction,
    StubTable,
)
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.uri import URI
from pyrophone.wire.client import ClientSession
from pyrophone.wire.events import Call, Pong, Portion, Reply, Welcome
from pyrophone.wire.features import FEATURES
from running import LIMIT

__all__ = ["Raw", "raw"]


class Raw:
    """One connection to a daemon, without threads: nothing is read but by `next`."""

    def __init__(
        self,
        uri: URI,
        *,
        features: frozenset[str] | None = FEATURES,
        beat: float | None = None,
    ) -> None:
        assert uri.host is not None
        assert uri.port is not None
        self.sock = socket.create_connection((uri.host, uri.port), LIMIT)
        self.functions = FunctionTable()
        codecs = make_codecs(ClassTable(), Settings())
        self.session = ClientSession(uri.object, codecs, features=features, beat=beat)
        self.session.crossing = FunctionCrossing(self.functions, StubTable(RemoteFunction))
        self.sock.sendall(self.session.greet())
        welcome = self.next()
        assert isinstance(welcome, Welcome)
        self.metadata = welcome.metadata

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def call(self, method: str, *args: Any, flags: int = 0, **more: Any) -> int:
        """Send a call; return its number."""
        self.send(self.session.call(method, args, {}, flags, **more))
        return self.session.seq

    def next(self) -> Any:
        """Return what comes next; EOFError says that the daemon has closed."""
        while (event := self.session.next()) is None:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError
            self.session.receive(data)
        return event

    def reply(self, seq: int) -> Any:
        """Return what comes next, which answers call *seq*."""
        event = self.next()
        assert type(event) is Reply
        assert event.seq == seq
        return event.unwrap()

    def ping(self) -> None:
        """Return once a ping is answered, before anything else."""
        self.send(self.session.ping())
        assert type(self.next()) is Pong

    def called(self) -> Call:
        """Return what comes next, a call of a function of ours."""
        event = self.next()
        assert type(event) is Call
        return event

    def portions(self, seq: int, window: int) -> Iterator[Portion]:
        """Read the stream that answers call *seq*; give its messages."""
        reply = self.next()
        assert type(reply) is Reply
        assert reply.flows
        self.send(self.session.credit(seq, window))
        while True:
            portion = self.next()
            assert type(portion) is Portion
            yield portion
            if portion.last:
                return
            self.send(self.session.credit(seq, 1))

    def ended(self) -> bool:
        """Return whether the daemon closes, and sends nothing before."""
        try:
            self.next()
        except EOFError:
            return True
        return False


@contextmanager
def raw(
    uri: URI, *, features: frozenset[str] | None = FEATURES, beat: float | None = None
) -> Iterator[Raw]:
    """Connect for as long as a test lasts."""
    client = Raw(uri, features=features, beat=beat)
    with client.sock:
        yield client
