from __future__ import annotations

import os
import threading
from typing import Any

import pytest

from eventful import event_service
from pyrophone import Settings
from pyrophone.errors import (
    DeadlineExceeded,
    EventError,
    RemoteProtocolError,
    SerializeError,
)
from pyrophone.events import EventBus, Publisher, subscribe
from pyrophone.events.publisher import read_hello
from pyrophone.events.records import publisher_of
from pyrophone.sync import Daemon, connect
from relay import Relay
from running import LIMIT, running

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
    for value in range(3):
        publisher._use_up(publisher._pack([("t", value)], None), published=True)
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
    publisher._use_up(publisher._pack([("t", 1)], None), published=True)
    reading, writing = os.pipe()
    if not (child := os.fork()):
        numbers = publisher._pack([("t", 1)], None).numbers
        os.write(writing, f"{publisher.id} {numbers['t']}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    other, number = os.read(reading, 100).decode().split()
    assert (other != publisher.id, number) == (True, "1")
    assert publisher._pack([("t", 1)], None).numbers == {"t": 2}
    for end in (reading, writing):
        os.close(end)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_of_fork_can_publish_though_another_thread_just_did() -> None:
    publisher = Publisher(NOBODY, settings=Settings(timeout=0.05))
    with publisher._turn:  # another thread publishes at this moment
        if not (child := os.fork()):
            try:
                publisher.publish("t", 1)
            except DeadlineExceeded:
                os._exit(7)
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_service_that_was_started_anew_has_the_values_that_are_still_the_last() -> None:
    with event_service() as uri:
        publisher = Publisher(uri, keep=True)
        subscription = subscribe("*", service=uri).start()
        publisher.publish_many([("t", 1), ("t", 2), ("u", 1)])
        publisher.publish("u", 2, keep=False)
        assert [subscription.get(LIMIT).value for _ in range(4)] == [1, 2, 1, 2]
    assert uri.port is not None
    with event_service(uri.port), subscribe("*", service=uri).start() as late:
        publisher.publish("v", 3)
        got = [late.get(LIMIT) for _ in range(2)]
        assert [(one.topic, one.value, one.number, one.kept) for one in got] == [
            ("t", 2, 2, True),
            ("v", 3, 1, False),
        ]
        with subscribe("*", service=uri) as latest:
            assert sorted(latest.get(LIMIT).value for _ in range(2)) == [2, 3]
        event = subscription.get(LIMIT)  # it has the others already
        assert (event.topic, event.value) == ("v", 3)
        assert (late.missed, subscription.missed) == (0, 0)
        publisher.close()
        subscription.close()


@pytest.mark.parametrize("answer", [None, 5, {}, {"epoch": "x", "event_size": "y"}])
def test_what_is_no_event_service_is_an_error_of_the_protocol(answer: Any) -> None:
    with pytest.raises(RemoteProtocolError, match="bad hello of an event service"):
        read_hello(answer)


def test_who_has_not_the_key_cannot_publish_for_another() -> None:
    publisher, other = Publisher(NOBODY), Publisher(NOBODY)
    assert publisher.id == publisher_of(publisher._key) != other.id
    assert len(publisher._key) == 16


def test_what_cannot_be_published_is_told_with_its_topic_and_place() -> None:
    publisher = Publisher(NOBODY)
    text = r"event of 'lab.a': value\['x'\]: lock object can't be sent; publish what it is"
    with pytest.raises(SerializeError, match=text):
        publisher.publish("lab.a", {"x": threading.Lock()})
    many: Any
    for many in (["ab"], [("a",)], [5], {"a": 1}):
        with pytest.raises(TypeError, match="pairs of topic and value, not "):
            publisher.publish_many(many)


def test_a_publisher_is_told_of_a_uri_or_a_name() -> None:
    with pytest.raises(TypeError, match="service is a URI or a name, not int"):
        Publisher(5)  # type: ignore[arg-type]


def test_a_new_service_on_the_old_connection_is_told_just_the_same() -> None:
    with running(Daemon()) as daemon:
        uri = daemon.register(EventBus(), "Pyrophone.Events")
        with Publisher(uri) as publisher:
            publisher.publish("t", 1, keep=True)
            publisher.publish("u", 2)
            daemon.unregister("Pyrophone.Events")
            daemon.register(EventBus(), "Pyrophone.Events")
            publisher.publish("v", 3)
        with connect(uri) as service, subscribe("*", service=uri) as subscription:
            assert service.topics() == ["t", "u", "v"]
            assert subscription.get(LIMIT).value == 1
