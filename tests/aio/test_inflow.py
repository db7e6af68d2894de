"""Where items come in until they are read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from pyrophone.aio.inflow import Inflow
from pyrophone.errors import ConnectionLostError
from pyrophone.wire.events import Portion
from pyrophone.wire.framing import ITEMS, Message
from scripts import CODECS

Run = Callable[[Coroutine[Any, Any, Any]], Any]
SERPENT = CODECS.by_name["serpent"]


def test_who_waits_is_woken_by_what_comes(run: Run) -> None:
    async def main() -> None:
        inflow = Inflow()
        waiting = [asyncio.create_task(inflow.wait()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        portion = Portion(Message(ITEMS, SERPENT.id, 0, 1, b"[1]"), SERPENT)
        inflow.put(portion)
        await asyncio.gather(*waiting[1:])
        assert list(inflow.portions) == [portion]
        await inflow.wait()

    run(main())


def test_who_waits_is_woken_by_the_end(run: Run) -> None:
    async def main() -> None:
        inflow = Inflow()
        waiting = asyncio.create_task(inflow.wait())
        await asyncio.sleep(0)
        error = ConnectionLostError("gone")
        inflow.lose(error)
        await waiting
        assert inflow.error is error
        await Inflow(error).wait()

    run(main())
