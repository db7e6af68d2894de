"""Who uses a connection, and whose turn it is."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pyrophone.aio.leases import Lease, Place
from pyrophone.errors import (
    ConnectError,
)
from scripts import echoes, open_, scripted

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def test_the_last_lease_closes_the_connection(run: Run) -> None:
    async def main() -> None:
        async with scripted(echoes) as uri:
            connection = await open_(uri)
            first, second = Lease(connection), Lease(connection)
            first.end()
            first.end()
            assert connection.open
            del second
            gc.collect()
            while connection.open:
                await asyncio.sleep(0)
            await connection.shut_down()

    run(main())


def test_a_turn_that_is_given_to_nobody_goes_to_the_next(run: Run) -> None:
    async def main() -> None:
        async with scripted(echoes) as uri:
            place = Place(1)

            async def connect() -> Lease:
                return Lease(await open_(uri))

            first = await place.take(connect)
            second, third = (asyncio.create_task(place.take(connect)) for _ in range(2))
            await asyncio.sleep(0)
            place.give(first)
            second.cancel()  # at the moment in which it is its turn
            assert await third is first
            with pytest.raises(asyncio.CancelledError):
                await second
            first.end()

    run(main())


def test_a_connection_that_can_not_be_made_blocks_nobody(run: Run) -> None:
    async def main() -> None:
        async def connect() -> Lease:
            raise ConnectError("nobody there")

        place = Place(1)
        for _ in range(3):
            with pytest.raises(ConnectError):
                await place.take(connect)

    run(main())


def test_who_has_given_up_is_passed_over(run: Run) -> None:
    async def main() -> None:
        async with scripted(echoes) as uri:
            place = Place(1)

            async def connect() -> Lease:
                return Lease(await open_(uri))

            first = await place.take(connect)
            second, third = (asyncio.create_task(place.take(connect)) for _ in range(2))
            await asyncio.sleep(0)
            second.cancel()
            place.give(first)  # before it could tell
            assert await third is first
            with pytest.raises(asyncio.CancelledError):
                await second
            first.end()

    run(main())
