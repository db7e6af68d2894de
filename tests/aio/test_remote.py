"""A remote object as one proxy sees it: repeating, and limits before anything is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pyrophone.aio import connect, deadline, options, ping
from pyrophone.errors import ConnectError, ConnectionLostError, DeadlineExceeded
from scripts import Peer, scripted

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def test_a_lost_call_is_repeated_if_that_is_wanted(run: Run) -> None:
    async def main() -> None:
        seen: list[str] = []

        async def script(peer: Peer) -> None:
            await peer.welcome()
            call = await peer.call()
            seen.append(call.method)
            if len(seen) == 3:
                peer.send(peer.session.result(call, "at last"))
                await peer.gone()

        async with scripted(script) as uri:
            proxy = await connect(uri)
            with pytest.raises(ConnectionLostError):
                await proxy.f()
            async with options(proxy, retries=1) as patient:
                assert await patient.f() == "at last"
        assert seen == ["f"] * 3

    run(main())


def test_the_time_of_a_block_counts_while_connecting(run: Run) -> None:
    async def main() -> None:
        released = asyncio.Event()

        async def script(peer: Peer) -> None:
            await released.wait()

        async with scripted(script) as uri:
            with deadline(0.02), pytest.raises(DeadlineExceeded) as never:
                await connect(uri)
            assert not never.value.sent
            released.set()

    run(main())


def test_a_ping_that_is_not_answered(run: Run) -> None:
    async def main() -> None:
        async def script(peer: Peer) -> None:
            await peer.welcome()
            await peer.gone()

        async with scripted(script) as uri:
            proxy = await connect(uri)
            with pytest.raises(DeadlineExceeded):
                await ping(options(proxy, timeout=0.02))
            async with proxy:
                pass

    run(main())


def test_what_is_told_is_the_loss_if_nobody_is_there_any_more(run: Run) -> None:
    async def main() -> None:
        lost = asyncio.Event()

        async def script(peer: Peer) -> None:
            await peer.welcome()
            await peer.call()
            lost.set()

        async with scripted(script) as uri:
            proxy = await connect(uri)
            first = asyncio.create_task(options(proxy, retries=1).f())
            await lost.wait()
        with pytest.raises(ConnectionLostError) as caught:
            await first
        assert isinstance(caught.value.__cause__, ConnectError | None)
        with pytest.raises(ConnectError):
            await options(proxy, retries=1).f()

    run(main())
