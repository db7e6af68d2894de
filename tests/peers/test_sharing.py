"""One handle of ours, many callers, the daemon of the real Pyro5."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from fronts import Front, front_end
from pyrophone import Settings
from pyrophone.errors import DeadlineExceeded, SerializeError
from running import LIMIT

if TYPE_CHECKING:
    from peers import Peer, Start

pytestmark = pytest.mark.peers

CALLERS = 20
MOST = 4  # connections of one handle
SOON = 0.05  # seconds


def real() -> None:
    """Be passed, in vain."""


@pytest.fixture
def server(start_peer: Start) -> Iterator[Peer]:
    """The real Pyro5, with threads."""
    peer = start_peer(PYRO_SERVERTYPE="thread", PYRO_COMPRESSION="0")
    peer.forget()
    peer.run("daemon = serve(host='localhost')\nthing = Thing()")
    peer.run("uri = daemon.register(thing, 'thing')")
    yield peer
    peer.forget()


@pytest.fixture(params=["sync", "aio"])
def front(request: pytest.FixtureRequest) -> Iterator[Front]:
    """Each client."""
    with front_end(request.param) as front:
        yield front


@pytest.fixture
def thing(server: Peer, front: Front) -> Iterator[Any]:
    """A handle."""
    settings = Settings(connections=MOST)
    location = server.value("daemon.locationStr")
    with front.connect(f"PYRO:thing@{location}", settings=settings) as thing:
        yield thing


def test_each_caller_gets_its_answer(thing: Any) -> None:
    wrong: list[Any] = []

    def ask(mine: int) -> None:
        for number in range(10):
            if (got := thing.echo([mine, number])) != [mine, number]:
                wrong.append((mine, number, got))

    threads = [threading.Thread(target=ask, args=(mine,)) for mine in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_slow_call_does_not_delay_a_quick_one(front: Front, thing: Any) -> None:
    slow = front.start(thing.noted)
    assert thing.add(1, 2) == 3
    assert not slow.done()
    thing.note("now")
    assert slow.result(LIMIT) == "now"


def test_callers_take_turns_beyond_the_most_connections(
    server: Peer, front: Front, thing: Any
) -> None:
    slow = [front.start(thing.noted) for _ in range(MOST - 1)]
    calls = [front.start(thing.add, number, 0) for number in range(CALLERS)]
    assert [call.result(LIMIT) for call in calls] == list(range(CALLERS))
    for _ in slow:
        thing.note("now")
    assert [call.result(LIMIT) for call in slow] == ["now"] * len(slow)


def test_a_deadline_is_kept_and_no_late_answer_is_taken(front: Front, thing: Any) -> None:
    with front.deadline(SOON):
        with pytest.raises(DeadlineExceeded):
            thing.noted()
    thing.note("late")
    assert [thing.add(number, 1) for number in range(10)] == list(range(1, 11))


def test_a_call_is_cancelled_by_leaving_it_alone(front: Front, thing: Any) -> None:
    call = front.start(thing.noted)
    assert thing.add(1, 2) == 3
    assert call.cancel()
    thing.note("late")
    assert [thing.add(number, 1) for number in range(10)] == list(range(1, 11))


def test_functions_are_refused_by_name(thing: Any) -> None:
    with pytest.raises(SerializeError, match=r"argument 1: .*real.*can't call back"):
        thing.echo(real)
    assert thing.add(1, 2) == 3


def test_items_come_one_by_one(thing: Any) -> None:
    assert list(thing.numbers(5)) == [0, 1, 2, 3, 4]
    items = thing.numbers(1000)
    assert next(items) == 0
    items.close()
    assert thing.was_closed()
