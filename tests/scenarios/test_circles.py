"""Calls that come back to where they started."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from fronts import Front
from kinds import KINDS, Kind
from pyrophone import Settings, aio, expose, sync
from pyrophone.errors import DeadlockError

PAIRS = list(itertools.product(KINDS, repeat=2))


@expose
class Bouncer:
    """Throws to another one until the number is down; with proxies for threads."""

    other: Any = None  # a URI

    def bounce(self, number: int) -> int:
        if not number:
            return 0
        with sync.connect(self.other) as other:
            return int(other.bounce(number - 1)) + 1


@expose
class Juggler:
    """Likewise, with proxies that are awaited."""

    other: Any = None

    async def bounce(self, number: int) -> int:
        if not number:
            return 0
        async with await aio.connect(self.other) as other:
            return int(await other.bounce(number - 1)) + 1


def _one(kind: Kind) -> Any:
    return Juggler() if kind.name.startswith("aio") else Bouncer()


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_circles_run_or_say_why_they_cannot(front: Front, first: str, second: str) -> None:
    here, there = Kind(first), Kind(second)
    with here.serving() as daemon, there.serving() as second_daemon:
        one, other = _one(here), _one(there)
        there_at = second_daemon.location
        one.other = second_daemon.register(other, "other")
        other.other = daemon.register(one, "one")
        with front.connect(other.other) as proxy:
            assert proxy.bounce(1) == 1
            if here.one_at_a_time:  # it waits for the second, which would wait for it
                with pytest.raises(DeadlockError) as caught:
                    proxy.bounce(2)
            elif there.one_at_a_time:
                assert proxy.bounce(2) == 2
                with pytest.raises(DeadlockError) as caught:
                    proxy.bounce(3)
            else:
                assert proxy.bounce(6) == 6
                return
            # What would wait for ever is to connect, be it over a connection of others.
            a, b = f"one.bounce at {daemon.location}", f"other.bounce at {there_at}"
            if here.one_at_a_time:
                end = f"{a} -> {b} -> one.<connect> at {daemon.location}"
            else:
                end = f"{a} -> {b} -> {a} -> other.<connect> at {there_at}"
            assert end in str(caught.value)
            assert proxy.bounce(1) == 1  # and nothing is stuck


@expose
class Kept:
    """Throws to another one by a proxy that it has had for long."""

    def __init__(self) -> None:
        self.other: Any = None

    def meet(self, uri: str) -> None:
        self.other = sync.connect(uri)

    def part(self) -> None:
        sync.close(self.other)

    def bounce(self, number: int) -> int:
        return int(self.other.bounce(number - 1)) + 1 if number else 0


@expose
class KeptSoon(Kept):
    """Likewise, and awaits it."""

    async def meet(self, uri: str) -> None:  # type: ignore[override]
        self.other = await aio.connect(uri)

    async def part(self) -> None:  # type: ignore[override]
        await aio.close(self.other)

    async def bounce(self, number: int) -> int:  # type: ignore[override]
        return int(await self.other.bounce(number - 1)) + 1 if number else 0


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_chain_is_printed_to_the_call_that_closes_it(
    front: Front, first: str, second: str
) -> None:
    here, there = Kind(first), Kind(second)
    with here.serving() as daemon, there.serving() as other_daemon:
        uris = [
            served.register(KeptSoon() if kind.name.startswith("aio") else Kept(), name)
            for kind, served, name in (
                (here, daemon, "one"),
                (there, other_daemon, "other"),
            )
        ]
        with front.connect(uris[0]) as one, front.connect(uris[1]) as other:
            one.meet(str(uris[1]))
            other.meet(str(uris[0]))
            a = f"one.bounce at {daemon.location}"
            b = f"other.bounce at {other_daemon.location}"
            if here.one_at_a_time or there.one_at_a_time:
                with pytest.raises(DeadlockError) as caught:
                    one.bounce(5)
                ends = f"{a} -> {b} -> {a}" if here.one_at_a_time else f"{b} -> {a} -> {b}"
                assert ends in str(caught.value)
            else:
                assert one.bounce(5) == 5
            assert one.bounce(1) == other.bounce(1) == 1
            one.part()
            other.part()


def test_a_method_that_calls_its_own_daemon(front: Front, kind: Kind) -> None:
    with kind.serving() as daemon:
        one = _one(kind)
        one.other = daemon.register(one, "one")
        with front.connect(one.other) as proxy:
            if kind.one_at_a_time:
                with pytest.raises(
                    DeadlockError, match=r"one\.bounce at \S+ -> one\.<connect> at"
                ):
                    proxy.bounce(1)
            else:
                assert proxy.bounce(5) == 5
            assert proxy.bounce(0) == 0


def test_a_circle_with_too_few_workers_is_a_deadlock(front: Front) -> None:
    with Kind("threads").serving(settings=Settings(workers=2)) as daemon:
        one = Bouncer()
        one.other = daemon.register(one, "one")
        with front.connect(one.other) as proxy:
            assert proxy.bounce(1) == 1
            with pytest.raises(DeadlockError, match="->"):
                proxy.bounce(5)
            assert proxy.bounce(1) == 1
