from __future__ import annotations

import os
import threading
from typing import Any

import pytest

from eventful import event_service
from pyrophone import Settings
from pyrophone.errors import (
    ConnectError,
    ConnectionLostError,
    DeadlineExceeded,
    EventError,
    NamingError,
    NotExposedError,
    SerializeError,
)
from pyrophone.events import Publisher, subscribe
from pyrophone.events.publisher import Sending
from relay import Relay
from running import LIMIT

NOBODY = "PYRO:Pyrophone.Events@127.0.0.1:1"


def test_events_arrive_in_order_with_all_that_belongs_to_them() -> None:
    with event_service() as uri, subscribe("lab.", service=uri).start() as subscription:
        with Publisher(uri) as publisher:
            publisher.publish("lab.a", {"x": [1, 2]})
            publisher.publish_many([("lab.b", b"12"), ("hall.a", 3), ("lab.a", None)])
        got = [subscription.get(LIMIT) for _ in range(3)]
        assert [(event.topic, event.value, event.number) for event in got] == [
            ("lab.a", {"x": [1, 2]}, 1),
            ("lab.b", b"12", 1),
            ("lab.a", None, 2),
        ]
        assert {event.publisher for event in got} == {publisher.id}
        assert len(publisher.id) == 16
        assert got[0].time <= got[1].time == got[2].time
        assert [event.missed for event in got] == [0, 0, 0]


def test_threads_publish_as_one() -> None:
    with event_service() as uri, subscribe("t", service=uri).start() as subscription:
        with Publisher(uri) as publisher:

            def publish() -> None:
                for number in range(20):
                    publisher.publish("t", number)

            threads = [threading.Thread(target=publish) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(LIMIT)
        got = [subscription.get(LIMIT) for _ in range(80)]
        assert [event.number for event in got] == list(range(1, 81))
        assert sorted(event.value for event in got) == sorted([*range(20)] * 4)


def test_topics_keep_what_is_said_to_be_kept() -> None:
    with event_service() as uri:
        with Publisher(uri, keep=True) as publisher:
            publisher.publish("a", 1)
            publisher.publish("a", 2)
            publisher.publish("b", 3, keep=False)
            publisher.publish_many([("c", 4)])
        with subscribe("*", service=uri) as subscription:
            got = [subscription.get(LIMIT) for _ in range(2)]
        values = {event.topic: event.value for event in got}
        assert values == {"a": 2, "c": 4}
        assert all(event.kept and not event.missed for event in got)


@pytest.mark.parametrize("topic", ["", "a..b", "a.*", "a b", "x" * 201, 3])
def test_a_bad_topic_is_told_at_once_and_nothing_is_published(topic: Any) -> None:
    publisher = Publisher(NOBODY)
    with pytest.raises(EventError):
        publisher.publish_many([("good", 1), (topic, 2)])


def test_a_value_that_cannot_travel_leaves_no_gap() -> None:
    with event_service() as uri, subscribe("t", service=uri).start() as subscription:
        with Publisher(uri) as publisher:
            with pytest.raises(SerializeError):
                publisher.publish_many([("t", 1), ("t", threading.Lock())])
            publisher.publish("t", 2)
        event = subscription.get(LIMIT)
        assert (event.value, event.number, event.missed) == (2, 1, 0)


def test_an_event_that_is_too_large_leaves_no_gap_either() -> None:
    with event_service() as uri, subscribe("t", service=uri).start() as subscription:
        with Publisher(uri) as publisher:
            with pytest.raises(EventError, match="event_size"):
                publisher.publish("t", bytes(20_000_000))
            publisher.publish("t", 2)
        event = subscription.get(LIMIT)
        assert (event.value, event.number, event.missed) == (2, 1, 0)


def test_nobody_there_means_not_published_in_the_time_there_is() -> None:
    publisher = Publisher(NOBODY, settings=Settings(timeout=0.1))
    with pytest.raises(DeadlineExceeded, match=r"not published, after 0\.1 s") as caught:
        publisher.publish("t", 1)
    assert not caught.value.sent


def test_a_closed_publisher_says_so() -> None:
    publisher = Publisher(NOBODY)
    publisher.close()
    with pytest.raises(EventError, match="closed"):
        publisher.publish("t", 1)


@pytest.mark.parametrize("cut", [0, 150, 300, 450, 700])
def test_an_event_arrives_once_wherever_the_connection_breaks(cut: int) -> None:
    with event_service() as uri, subscribe("t", service=uri).start() as subscription:
        with Relay(f"{uri.host}:{uri.port}", down=cut) as relay:
            publisher = Publisher(
                relay.uri("Pyrophone.Events"), settings=Settings(timeout=0.2)
            )
            published = []
            for number in range(3):
                try:
                    publisher.publish("t", number)
                    published.append(number)
                except DeadlineExceeded:
                    pass  # perhaps
        with Publisher(uri) as last:
            last.publish("t", "end")
        got = []
        while (event := subscription.get(LIMIT)).value != "end":
            got.append(event)
        values = [event.value for event in got]
        assert values == sorted(set(values))
        assert set(published) <= set(values)


def test_a_service_that_was_started_anew_is_found_again() -> None:
    with event_service() as uri:
        publisher = Publisher(uri, keep=True)
        subscription = subscribe("*", service=uri).start()
        publisher.publish("t", 1)
        assert subscription.get(LIMIT).number == 1
    assert uri.port is not None
    with event_service(uri.port):
        publisher.publish("t", 2)
        event = subscription.get(LIMIT)
        assert (event.number, event.missed) == (2, 0)
        publisher.close()
        subscription.close()


def test_a_service_that_was_started_anew_is_told_how_far_publishers_are() -> None:
    with event_service() as uri:
        publisher = Publisher(uri)
        subscription = subscribe("*", service=uri)
        subscription.start()
        publisher.publish_many([("t", 1), ("u", 1)])
        assert [subscription.get(LIMIT).topic for _ in range(2)] == ["t", "u"]
    # While the service is gone, this one counts on, which stands for events that the old
    # service had taken and could not hand on any more.
    publisher._use_up({"t": 4})
    assert uri.port is not None
    with event_service(uri.port):
        publisher.publish("u", 2, keep=True)
        event = subscription.get(LIMIT)
        assert (event.topic, event.number) == ("u", 2)
        publisher.publish("u", 3)
        last = subscription.get(LIMIT)
        assert (last.number, event.missed + last.missed) == (3, 3)
        assert subscription.missed == 3
        publisher.close()
        subscription.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_of_fork_is_another_publisher() -> None:
    publisher = Publisher(NOBODY)
    _, numbers = publisher._pack([("t", 1)], None)
    publisher._use_up(numbers)
    reading, writing = os.pipe()
    if not (child := os.fork()):
        _, numbers = publisher._pack([("t", 1)], None)
        os.write(writing, f"{publisher.id} {numbers['t']}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    other, number = os.read(reading, 100).decode().split()
    assert (other != publisher.id, number) == (True, "1")
    assert publisher._pack([("t", 1)], None)[1] == {"t": 2}
    for end in (reading, writing):
        os.close(end)


def test_attempts_go_on_with_growing_pauses_while_there_is_time() -> None:
    sending = Sending(60.0, known=False)
    assert [sending.pause_after(ConnectError("no")) for _ in range(6)] == [
        0.05,
        0.1,
        0.2,
        0.4,
        0.8,
        1.0,
    ]
    assert 59 < sending.left <= 60


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (ConnectionLostError("lost"), True),
        (ConnectError("no"), False),
        (NamingError("who"), False),
        (DeadlineExceeded("late", sent=False), False),
        (DeadlineExceeded("late", sent=True), True),
    ],
)
def test_when_time_is_over_it_is_told_whether_the_event_may_be_there(
    error: Any, sent: bool
) -> None:
    with pytest.raises(DeadlineExceeded) as caught:
        Sending(0.0, known=True).pause_after(error)
    assert caught.value.sent is sent
    assert caught.value.__cause__ is error


def test_what_will_not_be_better_later_is_raised_as_it_is() -> None:
    with pytest.raises(NotExposedError):
        Sending(60.0, known=True).pause_after(NotExposedError("no"))
