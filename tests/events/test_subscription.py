from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest

from eventful import event_service
from kinds import KINDS, Kind
from pyrophone import Settings, expose
from pyrophone.errors import (
    EventError,
    RemoteProtocolError,
    SerializeError,
    StreamError,
    SubscriberTooSlowError,
)
from pyrophone.events import EventBus, Publisher, Subscription, subscribe
from pyrophone.naming import NameService
from pyrophone.serializers import ClassTable
from pyrophone.sync import Daemon
from relay import Relay
from running import LIMIT, running


@dataclasses.dataclass
class Point:
    x: int
    y: int


def numbers(subscription: Subscription, count: int) -> list[int]:
    return [subscription.get(LIMIT).number for _ in range(count)]


def test_only_what_was_asked_for_comes() -> None:
    with (
        event_service() as uri,
        subscribe("lab.*.temp", "hall.", service=uri).start() as subscription,
        Publisher(uri) as publisher,
    ):
        for topic in ("lab.1.temp", "lab.1.light", "hall.door.open", "hall", "lab.temp"):
            publisher.publish(topic)
        publisher.publish("hall.end")
        topics = [subscription.get(LIMIT).topic for _ in range(3)]
        assert topics == ["lab.1.temp", "hall.door.open", "hall.end"]
        assert subscription.patterns == ("lab.*.temp", "hall.")
        assert repr(subscription) == "<Subscription to lab.*.temp, hall., connected>"


@pytest.mark.parametrize("kind", KINDS)
def test_any_daemon_can_serve_it(kind: str) -> None:
    with Kind(kind).serving() as daemon:
        uri = daemon.register(EventBus(), "Pyrophone.Events")
        with subscribe("t", service=uri).start() as subscription:
            with Publisher(uri) as publisher:
                for number in range(50):
                    publisher.publish("t", number)
            assert numbers(subscription, 50) == list(range(1, 51))


def test_a_bad_pattern_is_told_at_once() -> None:
    with pytest.raises(EventError, match=r"bad pattern 'a\.\.b'"):
        subscribe("good", "a..b")
    with pytest.raises(TypeError, match="at least one topic"):
        subscribe()


def test_values_of_classes_come_as_such_where_they_are_allowed() -> None:
    classes = ClassTable()
    classes.allow(Point)
    with (
        event_service() as uri,
        subscribe("t", service=uri, classes=classes).start() as knowing,
        subscribe("t", service=uri).start() as ignorant,
        Publisher(uri) as publisher,
    ):
        publisher.publish("t", Point(1, 2))
        publisher.publish("t", 3)
        assert knowing.get(LIMIT).value == Point(1, 2)
        strange = ignorant.get(LIMIT)
        assert strange.value.__class__ is not Point
        assert (ignorant.get(LIMIT).value, knowing.get(LIMIT).value) == (3, 3)


def test_a_value_that_cannot_be_read_spoils_no_other() -> None:
    with event_service() as uri, subscribe("t", service=uri).start() as subscription:
        with Publisher(uri) as publisher:
            packed = publisher._pack([("t", "spoilt")], None)
            publisher._send(packed.records.replace(b"'spoilt'", b"'spoilt("))
            publisher._use_up(packed, published=True)
            publisher.publish("t", 2)
        with pytest.raises(SerializeError):
            _ = subscription.get(LIMIT).value
        assert subscription.get(LIMIT).value == 2


@pytest.mark.parametrize("rule", ["oldest", "newest"])
def test_what_is_dropped_is_counted_exactly(rule: str) -> None:
    with event_service() as uri:
        subscription = subscribe("t", service=uri, full=rule, events=10).start()
        with Publisher(uri) as publisher:
            for _ in range(20):
                publisher.publish_many(("t", bytes(100_000)) for _ in range(20))
            got = [subscription.get(LIMIT)]
            while got[-1].value != "end":  # which may be dropped, too
                publisher.publish("t", "end")
                got.append(subscription.get(LIMIT))
        subscription.close()
    order = [event.number for event in got]
    assert order == sorted(set(order))
    told = sum(event.missed for event in got)
    assert len(got) + told == got[-1].number
    assert subscription.missed >= told > 0  # of more "end"s that were dropped, perhaps


def test_a_subscription_that_is_to_end_when_it_is_too_slow_does() -> None:
    with event_service() as uri:
        subscription = subscribe("t", service=uri, full="end", events=5).start()
        with Publisher(uri) as publisher:
            publisher.publish_many(("t", bytes(100_000)) for _ in range(100))

            def read() -> None:
                for _ in subscription:
                    pass

            with pytest.raises(SubscriberTooSlowError):
                read()
        assert subscription.state == "closed"
        assert list(subscription) == []


def test_it_goes_on_where_it_was_when_the_connection_breaks() -> None:
    with event_service() as uri, Publisher(uri, keep=True) as publisher:
        with Relay(f"{uri.host}:{uri.port}", down=2500) as relay:
            at = relay.uri("Pyrophone.Events")
            with subscribe("t", service=at).start() as subscription:
                got: list[Any] = []
                for number in range(1, 41):
                    publisher.publish("t", number)
                while not got or got[-1].number < 40:
                    got.append(subscription.get(LIMIT))
                order = [event.number for event in got]
                assert order == sorted(set(order))
                assert all(event.value == event.number for event in got)
                assert len(got) + subscription.missed == 40
                assert sum(event.missed for event in got) == subscription.missed


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (5, "records are bytes, not int"),
        ("text", "records are bytes, not str"),
        (b"\xffx", "bad record at 0"),
    ],
)
def test_a_service_that_talks_nonsense_is_told_so(item: Any, why: str) -> None:
    @expose
    class Broken:
        async def subscribe(self, *_: Any) -> AsyncIterator[Any]:
            yield item

    with running(Daemon()) as daemon:
        uri = daemon.register(Broken(), "Pyrophone.Events")
        with subscribe("t", service=uri) as subscription:
            with pytest.raises(RemoteProtocolError, match=why):
                subscription.get(LIMIT)
            with pytest.raises(StreamError, match="closed"):
                subscription.get(LIMIT)


def test_losses_are_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with event_service() as uri:
        subscription = subscribe("t", service=uri).start()
        publisher = Publisher(uri)
        publisher.publish("t", 1)
        assert numbers(subscription, 1) == [1]
        for _ in range(2):
            publisher._use_up(publisher._pack([("t", 0)], None), published=False)
        publisher.publish("t", 4)
        assert subscription.get(LIMIT).missed == 2
        publisher.close()
        subscription.close()
    assert "events lost: 2 of t, 2 in all by now" in caplog.text


def test_the_service_is_looked_for_by_its_name() -> None:
    with running(NameService(port=0, broadcast=False)) as names:
        settings = Settings(name_host="localhost", name_port=names.uri.port or 0)
        with running(Daemon(settings=settings)) as daemon:
            daemon.register(EventBus(), "Pyrophone.Events", name="Pyrophone.Events")
            with (
                subscribe("t", settings=settings).start() as subscription,
                Publisher(settings=settings) as publisher,
            ):
                publisher.publish("t", 1)
                assert subscription.get(LIMIT).value == 1


def test_it_follows_a_service_that_has_moved() -> None:
    with running(NameService(port=0, broadcast=False)) as names:
        settings = Settings(name_host="localhost", name_port=names.uri.port or 0)
        publisher = Publisher(settings=settings, keep=True)
        subscription = subscribe("t", settings=settings)
        for number in (1, 2):
            with running(Daemon(settings=settings)) as daemon:
                daemon.register(EventBus(), "Pyrophone.Events", name="Pyrophone.Events")
                publisher.publish("t", number)
                assert numbers(subscription, 1) == [number]
        subscription.close()
        publisher.close()


def test_a_loop_that_reads_is_not_kept_from_other_work() -> None:
    with event_service() as uri, Publisher(uri) as publisher:

        async def work() -> list[int]:
            async with subscribe("t", service=uri) as subscription:
                await subscription.astart()
                await asyncio.to_thread(
                    publisher.publish_many, [("t", number) for number in range(300)]
                )
                return [(await anext(subscription)).number for _ in range(300)]

        got = asyncio.run(asyncio.wait_for(work(), LIMIT))
        assert got == list(range(1, 301))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"full": "foo"}, "full is 'foo', must be one of end, latest, newest, oldest"),
        ({"full": ["end"]}, "must be one of end"),
        ({"events": 0}, "events is 0, must be a whole number from 1 on"),
        ({"events": 1.5}, "events is 1.5, must be"),
        ({"bytes": -1}, "bytes is -1, must be"),
        ({"bytes": True}, "bytes is True, must be"),
    ],
)
def test_what_no_service_takes_is_told_at_once(
    arguments: dict[str, Any], problem: str
) -> None:
    with pytest.raises(EventError, match=problem):
        subscribe("a", **arguments)


def test_a_service_is_a_uri_or_a_name() -> None:
    with pytest.raises(TypeError, match="service is a URI or a name, not int"):
        subscribe("a", service=5)  # type: ignore[arg-type]
