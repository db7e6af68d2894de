"""Events on their way to one subscriber."""

from __future__ import annotations

import array
import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import Pyro.core
from Pyro.EventService import deliveries
from Pyro.EventService.deliveries import MOST_BYTES, Delivery, weight
from Pyro.EventService.Event import Event

LIMIT = 10.0  # seconds


class Subscriber:
    """Takes one event each time it is let."""

    def __init__(self) -> None:
        self.got: queue.Queue[Any] = queue.Queue()
        self.ended: queue.Queue[Delivery] = queue.Queue()
        self.begun: queue.Queue[Any] = queue.Queue()
        self.may = threading.Semaphore(0)
        self.delivery = Delivery(self.send, self.ended.put)

    def send(self, event: Any) -> None:
        self.begun.put(event)
        assert self.may.acquire(timeout=LIMIT)
        if isinstance(event, Exception):
            raise event
        self.got.put(event)


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    subscriber = Subscriber()
    yield subscriber
    subscriber.delivery.close()
    subscriber.may.release(100)


def test_events_keep_their_order(subscriber: Subscriber) -> None:
    subscriber.may.release(100)
    for number in range(100):
        assert subscriber.delivery.put(number, 1, 0)
    assert [subscriber.got.get(timeout=LIMIT) for _ in range(100)] == [*range(100)]


def test_without_threads_to_be_had_events_wait(
    subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as context:
        context.setattr(threading.Thread, "start", refuse)
        assert subscriber.delivery.put(1, 1, 0)
    assert subscriber.delivery.put(2, 1, 0)
    subscriber.may.release(2)
    assert [subscriber.got.get(timeout=LIMIT) for _ in range(2)] == [1, 2]


def test_a_full_queue_takes_no_more(subscriber: Subscriber) -> None:
    put = subscriber.delivery.put
    assert [put(n, 1, 2) for n in range(3)] == [True, True, False]
    subscriber.may.release(1)
    assert subscriber.got.get(timeout=LIMIT) == 0
    assert subscriber.begun.get(timeout=LIMIT) == 0
    assert subscriber.begun.get(timeout=LIMIT) == 1  # so there is room now
    assert put(3, 1, 2)
    subscriber.may.release(2)
    assert [subscriber.got.get(timeout=LIMIT) for _ in range(2)] == [1, 3]


def test_who_blocks_goes_on_when_there_is_room(subscriber: Subscriber) -> None:
    put = subscriber.delivery.put
    put("first", 1, 1)
    waiter = threading.Thread(target=put, args=("second", 1, 1, LIMIT))
    waiter.start()
    assert not put("third", 1, 1)
    assert not put("third", 1, 1, 0.01)
    subscriber.may.release(2)
    waiter.join(LIMIT)
    assert [subscriber.got.get(timeout=LIMIT) for _ in range(2)] == ["first", "second"]


def test_who_blocks_goes_on_when_the_subscriber_is_lost(subscriber: Subscriber) -> None:
    put = subscriber.delivery.put
    put(ConnectionError("gone"), 1, 1)
    waiter = threading.Thread(target=put, args=("second", 1, 1, LIMIT))
    waiter.start()
    subscriber.may.release(1)
    waiter.join(LIMIT)
    assert not waiter.is_alive()
    assert subscriber.ended.get(timeout=LIMIT) is subscriber.delivery
    assert subscriber.delivery.failed
    assert put("third", 1, 1)  # nobody wants it, so it is no problem
    assert subscriber.delivery.idle
    assert subscriber.got.empty()


def test_large_events_fill_a_queue_sooner(subscriber: Subscriber) -> None:
    put = subscriber.delivery.put
    half = MOST_BYTES // 2
    assert [put(n, half, 0) for n in range(3)] == [True, True, False]
    subscriber.may.release(2)
    assert [subscriber.got.get(timeout=LIMIT) for _ in range(2)] == [0, 1]
    # What has been sent counts no more.
    assert [put(n, half, 0, LIMIT) for n in (2, 3)] == [True, True]
    subscriber.may.release(2)
    assert [subscriber.got.get(timeout=LIMIT) for _ in range(2)] == [2, 3]
    assert put(4, MOST_BYTES * 2, 0, LIMIT)  # whatever its size, one has room


def test_a_worker_that_has_nothing_to_do_ends(
    subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "LINGER", 0.01)
    subscriber.may.release(2)
    subscriber.delivery.put(1, 1, 0)
    assert subscriber.ended.get(timeout=LIMIT) is subscriber.delivery
    assert subscriber.delivery.idle
    assert not subscriber.delivery.failed
    subscriber.delivery.put(2, 1, 0)  # another begins
    assert [subscriber.got.get(timeout=LIMIT) for _ in range(2)] == [1, 2]


def test_weights_are_those_of_the_contents() -> None:
    assert weight(None) == 50
    assert weight("abc") == weight(b"abc") == 53
    assert weight([1, (2, {3})]) == 6 * 50
    assert weight({"ab": [1.5]}) == 4 * 50 + 2
    assert weight(memoryview(bytes(1000))) == 1050
    assert weight(array.array("d", [1, 2])) == 50 + 16
    error = ValueError("abc")
    error.held = "ab"  # type: ignore[attr-defined]
    assert weight(error) == 3 * 50 + 5
    assert weight(Event("a", "bc", 0.0)) == 3 * 50 + 3


def test_what_is_behind_a_proxy_has_no_weight_and_is_not_asked() -> None:
    nowhere = Pyro.core.PyroURI("localhost", "0123", 1)
    assert weight([nowhere.getProxy(), nowhere.getAttrProxy(), nowhere]) == 4 * 50
