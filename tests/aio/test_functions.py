"""Functions as arguments, and functions of the other side."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pyrophone.aio import connect, release
from pyrophone.errors import SerializeError
from scripts import Peer, scripted

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def test_only_functions_of_the_other_side_are_given_back() -> None:
    with pytest.raises(TypeError, match="no function of the other side"):
        release(print)


def test_a_peer_that_can_not_call_back_gets_no_function(run: Run) -> None:
    async def main() -> None:
        async def script(peer: Peer) -> None:
            await peer.welcome()
            await peer.gone()

        async with scripted(script) as uri:
            async with await connect(uri) as proxy:
                with pytest.raises(SerializeError, match="can't call back"):
                    await proxy.f(print)

    run(main())
