"""Greeting a daemon: whatever it does ends in the right error."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pyrophone import URI, Settings
from pyrophone.context import CallContext, Client, serving
from pyrophone.errors import (
    ConnectError,
    DeadlockError,
    RefusedError,
    RemoteProtocolError,
)
from pyrophone.wire.events import Call, Greeting
from pyrophone.wire.framing import INVOKE, Message
from scripts import CODECS, Peer, closes, open_, scripted, silent

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def test_a_server_that_does_not_greet(run: Run) -> None:
    async def main() -> None:
        async with scripted(closes) as uri:
            with pytest.raises(ConnectError, match="cannot connect to"):
                await open_(uri)
        async with scripted(silent) as uri:
            with pytest.raises(ConnectError, match=r"no reply within 0\.05 s"):
                await open_(uri, Settings(timeout=0.05))

    run(main())


def test_a_server_that_greets_with_junk_or_refuses(run: Run) -> None:
    async def junk(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 400 Bad Request")
        await peer.gone()

    async def refuses(peer: Peer) -> None:
        peer.send(peer.session.refuse("no room", await peer.take(Greeting)))

    async def main() -> None:
        async with scripted(junk) as uri:
            with pytest.raises(RemoteProtocolError, match="begins with b'HTTP'"):
                await open_(uri)
        async with scripted(refuses) as uri:
            with pytest.raises(RefusedError, match="rejected: no room"):
                await open_(uri)

    run(main())


def test_a_daemon_that_waits_for_this_call_is_not_greeted(run: Run) -> None:
    async def main() -> None:
        uri = URI("PYRO", "x", None, "127.0.0.1", 1)
        origin = Call.of(Message(INVOKE, 1, 0, 1, b""), CODECS.by_name["serpent"])
        origin.object_id, origin.method = "o", "m"
        context = CallContext(Client(), 1, 0, "serpent", {}, None)
        context.origin, context.place = origin, f"!{uri.location}"
        serving.set(context)
        with pytest.raises(DeadlockError, match=r"o\.m at \S+:1 -> x\.<connect> at"):
            await open_(uri)

    run(main())
