"""Who waits for which answer: each call has exactly one outcome."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pyrophone import Settings, annotate
from pyrophone.aio.connection import open_connection
from pyrophone.errors import ConnectionLostError, DeadlineExceeded
from scripts import CODECS, Peer, scripted

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def test_annotations_go_and_come_with_a_call(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.welcome()
        call = await peer.call()
        peer.send(peer.session.result(call, 1, annotations=dict(call.annotations)))
        await peer.gone()

    async def main() -> None:
        async with scripted(script) as uri:
            connection = await open_connection(uri, Settings(), CODECS)
            with annotate(TEST=b"there") as received:
                await connection.exchange("f", (), {})
                assert received == {"TEST": b"there"}
            connection.close()

    run(main())


def test_each_caller_has_an_error_of_its_own_when_the_connection_is_lost(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.welcome()
        await peer.call()
        await peer.call()

    async def main() -> None:
        async with scripted(script) as uri:
            connection = await open_connection(uri, Settings(), CODECS)
            first, second, third = await asyncio.gather(
                connection.exchange("f", (), {}),
                connection.exchange("f", (), {}),
                connection.ping(),
                return_exceptions=True,
            )
            assert type(first) is type(second) is type(third) is ConnectionLostError
            assert first is not second
            assert not connection.open

    run(main())


def test_without_numbers_a_call_given_up_costs_the_connection(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.welcome()
        await peer.gone()

    async def main() -> None:
        async with scripted(script) as uri:
            connection = await open_connection(uri, Settings(), CODECS)
            with pytest.raises(DeadlineExceeded, match="within the time") as late:
                await connection.exchange("f", (), {}, limit=time.monotonic() + 0.02)
            assert late.value.sent
            assert not connection.open

    run(main())
