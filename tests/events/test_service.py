"""The service, over each kind of daemon: events, losses, stalled and hostile clients."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kinds import KINDS, Kind
from loops import loop_thread
from pyrophone import Settings, aio, sync
from pyrophone.context import CallContext, Client, serving
from pyrophone.errors import EventError, NotExposedError, SubscriberTooSlowError
from pyrophone.events import EventBus, Limits
from pyrophone.events.bus import Bus
from pyrophone.events.records import pack_head, unpack
from pyrophone.events.service import EVENTS_ID
from readers import Reader, event, key, publisher
from running import LIMIT


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind of daemon."""
    return Kind(request.param)


@pytest.fixture
def bus() -> EventBus:
    """What is served."""
    return EventBus()


@pytest.fixture
def uri(kind: Kind, bus: EventBus) -> Iterator[Any]:
    """Where it is."""
    with kind.serving() as daemon:
        yield daemon.register(bus, EVENTS_ID)


@pytest.fixture
def service(uri: Any) -> Iterator[Any]:
    """A proxy for it."""
    with sync.connect(uri) as proxy:
        yield proxy


def read_until(items: Any, reader: Reader, number: int, by: int = 1) -> Reader:
    """Read portions until one has come to *number*, with some topic."""
    while number not in (n for (p, _), n in reader.known.items() if p == publisher(by)):
        reader.read(next(items))
    return reader


def test_events_come_to_who_has_subscribed(service: Any) -> None:
    one, other = iter(service.subscribe(["lab."])), iter(service.subscribe(["lab.b"]))
    assert (next(one), next(other)) == (b"", b"")
    epoch = service.hello()["epoch"]
    records = event("lab.a", 1) + event("x", 1) + event("lab.b", 1)
    assert service.publish(records, key(1)) == epoch
    reader = Reader()
    reader.read(next(one))
    assert reader.got == {(publisher(1), "lab.a"): [1], (publisher(1), "lab.b"): [1]}
    (record,) = unpack(next(other))
    assert record.topic == "lab.b"
    assert service.topics() == ["lab.a", "lab.b", "x"]
    assert service.topics("lab.") == ["lab.a", "lab.b"]


def test_many_events_come_once_and_in_order(uri: Any, service: Any) -> None:
    items = iter(service.subscribe(["**"], events=5000))
    next(items)

    def publish(by: int) -> None:
        with sync.connect(uri) as proxy:
            for number in range(1, 301):
                proxy.publish(event("a", number, by) + event("b", number, by), key(by))

    threads = [threading.Thread(target=publish, args=(by,)) for by in (1, 2)]
    for thread in threads:
        thread.start()
    reader = Reader()
    while sum(map(len, reader.got.values())) < 1200:
        reader.read(next(items))
    for thread in threads:
        thread.join(LIMIT)
    assert set(map(tuple, reader.got.values())) == {tuple(range(1, 301))}
    assert reader.total == 0


def test_subscribers_of_asyncio_are_served_alike(uri: Any) -> None:
    async def main() -> Reader:
        reader = Reader()
        async with await aio.connect(uri) as proxy:
            items = await proxy.subscribe(["a"])
            async for data in items:
                reader.read(data)
                if not reader.got:
                    await proxy.publish(event("a", 1), key(1))
                else:
                    break
        return reader

    with loop_thread() as thread:
        assert thread.do(main).got == {(publisher(1), "a"): [1]}


def test_who_comes_back_is_told_what_was_lost(service: Any, bus: EventBus) -> None:
    items = iter(service.subscribe(["a"]))
    next(items)
    service.publish(event("a", 1, keep=True), key(1))
    reader = read_until(items, Reader(), 1)
    items.close()
    more = event("a", 2) + event("a", 3, keep=True) + event("a", 4)
    service.publish(more, key(1))
    items = iter(service.subscribe(["a"], since=reader.since()))
    reader.read(next(items))
    assert reader.got == {(publisher(1), "a"): [1, 3]}
    assert reader.total == 2
    assert service.forget("a")


def test_a_new_service_learns_from_publishers_how_far_they_are(service: Any) -> None:
    reader = Reader()
    reader.known[publisher(1), "a"] = 3
    items = iter(service.subscribe(["a"], since=reader.since()))
    next(items)
    answer = service.hello(pack_head("a", publisher(1), 5, 5), key(1))
    assert len(answer["epoch"]) == 32
    assert answer["event_size"] == 16_000_000
    read_until(items, reader, 5)
    assert (reader.got, reader.total) == ({}, 2)


def test_a_stalled_subscriber_slows_nobody_and_loses_by_its_rule(
    uri: Any, bus: EventBus
) -> None:
    count, size = 600, 20_000
    with sync.connect(uri, settings=Settings(window=1)) as slow, sync.connect(uri) as quick:
        stalled = iter(slow.subscribe(["a"], "oldest", 10))
        lively = iter(quick.subscribe(["a"], "oldest", 1000))
        next(stalled), next(lively)
        reader, late = Reader(), Reader()
        for number in range(1, count + 1):
            quick.publish(event("a", number, size=size), key(1))
            assert bus.describe()["waiting"] <= 10 + 1000
            if not number % 50:
                read_until(lively, reader, number)
        assert reader.got == {(publisher(1), "a"): [*range(1, count + 1)]}
        read_until(stalled, late, count)
        got = late.got[publisher(1), "a"]
        assert got[-10:] == [*range(count - 9, count + 1)]
        # A few were on their way: the window, and what had been taken to follow it.
        assert len(got) <= 10 + 4 * (256_000 // size + 1)
        assert len(got) + late.total == count


def test_a_subscription_that_is_to_end_when_full_ends_so(uri: Any) -> None:
    with (
        sync.connect(uri, settings=Settings(window=1)) as proxy,
        sync.connect(uri) as other,
    ):
        items = iter(proxy.subscribe(["a"], full="end", events=1, bytes=30_000))
        next(items)
        for number in range(1, 400):
            other.publish(event("a", number, size=20_000), key(1))
        reader = Reader()
        with pytest.raises(SubscriberTooSlowError, match="1 events of 20032 bytes waited"):
            read_until(items, reader, 400)
        got = reader.got[publisher(1), "a"]
        assert got == [*range(1, len(got) + 1)]


def test_who_leaves_is_forgotten(uri: Any, bus: EventBus) -> None:
    proxy = sync.connect(uri)
    items = [iter(proxy.subscribe(["a"])) for _ in range(3)]
    for each in items:
        next(each)
    assert bus.describe()["subscriptions"] == 3
    items[0].close()
    wait_for(bus, 2)
    sync.close(proxy)
    wait_for(bus, 0)


def wait_for(bus: EventBus, count: int) -> None:
    """Return when there are *count* subscriptions."""
    left = threading.Event()
    for _ in range(1000):
        if bus.describe()["subscriptions"] == count:
            return
        left.wait(0.01)
    raise AssertionError(bus.describe())


def test_a_client_has_a_limit_of_subscriptions(kind: Kind) -> None:
    bus = EventBus(Limits(client_subscriptions=2))
    with kind.serving() as daemon:
        uri = daemon.register(bus)
        with sync.connect(uri) as proxy, sync.connect(uri, handshake=1) as other:
            items = [iter(proxy.subscribe(["a"])) for _ in range(2)]
            with pytest.raises(EventError, match="limit client_subscriptions"):
                next(iter(proxy.subscribe(["a"])))
            more = iter(other.subscribe(["a"]))
            next(more)
            items[0].close()
            wait_for(bus, 2)
            next(iter(proxy.subscribe(["a"])))
            with pytest.raises(EventError, match="bad pattern"):
                next(iter(other.subscribe(["a..b"])))
            last = iter(other.subscribe(["a"]))  # the bad one doesn't count
            next(last)


HEAD = pack_head("a", publisher(1), 5, 5)
HOSTILE: list[tuple[str, tuple[Any, ...], str]] = [
    ("publish", (b"\x01",), "bad record at 0"),
    ("publish", ("text",), "records are bytes, not str"),
    ("publish", ([b"a"],), "records are bytes, not list"),
    ("publish", (None,), "records are bytes, not NoneType"),
    (
        "publish",
        (pack_head("a", publisher(1), 5, 5), key(1)),
        "there are heads among the events",
    ),
    ("publish", (event("a", 1)[:-1] + b"\xff",), "can't decode byte"),
    ("publish", (event("a b", 1),), "bad topic 'a b'"),
    ("publish", (event("a" * 201, 1),), "201 characters, limit is 200"),
    ("publish", (event("a", 0),), "number 0"),
    ("publish", (event("a", 1), "key"), "a key is bytes, not str"),
    ("hello", (event("a", 1), key(1)), "there are events among the heads"),
    ("hello", ({"a": 1},), "records are bytes, not dict"),
    ("hello", (pack_head("a", publisher(1), 1, 2),), "number 1, base 2"),
    ("subscribe", ("lab.*",), "patterns: list or tuple expected, not str"),
    ("subscribe", ([],), "0 patterns, there must be 1 to 100"),
    ("subscribe", (["a"] * 101,), "101 patterns, there must be 1 to 100"),
    ("subscribe", ([1],), "a pattern: str expected, not int"),
    ("subscribe", (["*" * 201],), "201 characters, limit is 200"),
    ("subscribe", ([".".join("**" for _ in range(21))],), "21 parts, limit is 20"),
    ("subscribe", (["a"], None), "full: str expected, not NoneType"),
    ("subscribe", (["a"], "x" * 1000), "is none of end, latest, newest, oldest"),
    ("subscribe", (["a"], "oldest", 1.5), "events: int expected, not float"),
    ("subscribe", (["a"], "oldest", True), "events: int expected, not bool"),
    ("subscribe", (["a"], "oldest", 10**9), "limit queue_events"),
    ("subscribe", (["a"], "oldest", 1, 10**12), "limit queue_size"),
    ("subscribe", (["a"], "oldest", 1, 1, 1), "kept: bool expected, not int"),
    ("subscribe", (["a"], "oldest", 1, 1, True, {"a": 1}), "records are bytes, not dict"),
    ("subscribe", (["a"], "oldest", 1, 1, True, b"\x77" * 40), "kind 119"),
    ("topics", (["a"],), "a pattern is a text, not list"),
    ("topics", ("a..",), "bad pattern"),
    ("forget", (None,), "a topic is a text, not NoneType"),
]


def test_what_strangers_send_is_refused_and_the_service_goes_on(
    service: Any, bus: EventBus
) -> None:
    for method, arguments, problem in HOSTILE:
        with pytest.raises(EventError) as caught:
            getattr(service, method)(*arguments)
        assert problem in str(caught.value), (method, arguments)
    assert bus.describe()["subscriptions"] == 0
    items = iter(service.subscribe(["a"]))
    next(items)
    service.publish(event("a", 1), key(1))
    assert read_until(items, Reader(), 1).got


def test_forged_numbers_harm_only_who_forges_them(service: Any) -> None:
    items = iter(service.subscribe(["a"]))
    next(items)
    service.publish(event("a", 1), key(1))
    forged = event("a", (1 << 63) - 1)
    for method in (service.publish, service.hello):
        for wrong in (b"", key(2), bytes.fromhex(publisher(1))):
            with pytest.raises(EventError, match="not the key of publisher"):
                method(forged, wrong)
    with pytest.raises(EventError, match="not the key of publisher"):
        service.publish(event("a", 1, by=2) + forged, key(2))
    service.publish(event("a", 1, by=2) + event("a", (1 << 63) - 1, by=2), key(2))
    service.publish(event("a", 5, by=2), key(2))
    service.publish(event("a", 2), key(1))
    reader = read_until(items, Reader(), 2)
    assert reader.got[publisher(1), "a"] == [1, 2]
    assert reader.missed[publisher(1), "a"] == 0


def test_one_message_has_so_many_events_at_most(kind: Kind) -> None:
    with kind.serving() as daemon:
        uri = daemon.register(EventBus(Limits(records=2)))
        with sync.connect(uri) as proxy:
            proxy.publish(event("a", 1) + event("a", 2), key(1))
            for method in (proxy.publish, proxy.hello):
                with pytest.raises(EventError, match=r"more than 2 events .*limit records"):
                    method(event("a", 3) + event("a", 4) + event("a", 5), key(1))
            heads = b"".join(pack_head(name, publisher(1), 1, 1) for name in "abc")
            with pytest.raises(EventError, match="limit records"):
                next(iter(proxy.subscribe(["a"], since=heads)))
            assert proxy.describe()["published"] == 2


def test_one_connection_has_so_many_patterns_at_most(kind: Kind) -> None:
    with kind.serving() as daemon:
        bus = EventBus(Limits(client_patterns=3))
        with sync.connect(daemon.register(bus)) as proxy:
            items = iter(proxy.subscribe(["a", "b"]))
            next(items)
            with pytest.raises(EventError, match=r"2 and 2 more .* client_patterns is 3"):
                next(iter(proxy.subscribe(["a", "b"])))
            more = iter(proxy.subscribe(["a"]))
            next(more)
            items.close()
            wait_for(bus, 1)
            next(iter(proxy.subscribe(["a", "b"])))


def test_what_is_not_exposed_cannot_be_called(service: Any) -> None:
    for name in ("_count", "_bus", "_records"):
        with pytest.raises((NotExposedError, AttributeError)):
            getattr(service, name)()


def test_a_batch_cannot_subscribe(kind: Kind, bus: EventBus) -> None:
    with kind.serving() as daemon:
        uri = daemon.register(bus)
        with sync.connect(uri) as proxy:
            calls = sync.batch(proxy)
            calls.subscribe(["a"])
            with pytest.raises(EventError, match="no part of a batch"):
                list(calls())
            assert proxy.describe()["subscriptions"] == 0


def test_within_the_program_it_can_be_used_without_a_daemon() -> None:
    async def main() -> bytes:
        bus = EventBus()
        items = bus.subscribe(["a"])
        assert await anext(items) == b""
        waiting = asyncio.ensure_future(anext(items))
        await asyncio.sleep(0)
        bus.publish(event("a", 1))
        data = await waiting
        await items.aclose()  # type: ignore[attr-defined]
        with pytest.raises(StopAsyncIteration):
            await anext(items)
        return data

    assert asyncio.run(main()) == event("a", 1)


def test_an_end_from_another_thread_ends_the_waiting() -> None:
    async def main() -> None:
        bus = EventBus()
        items: Any = bus.subscribe(["a"])
        await anext(items)
        waiting = asyncio.ensure_future(anext(items))
        await asyncio.sleep(0)
        await asyncio.to_thread(items.close)
        with pytest.raises(StopAsyncIteration):
            await waiting

    asyncio.run(main())


def test_a_loop_that_is_gone_is_no_reason_to_fail() -> None:
    bus = EventBus()

    async def main() -> Any:
        items: Any = bus.subscribe(["a"])
        await anext(items)
        waiting = asyncio.ensure_future(anext(items))
        await asyncio.sleep(0)
        waiting.cancel()
        return items

    items = asyncio.run(main())
    bus.publish(event("a", 1))
    assert asyncio.run(items.__anext__()) == event("a", 1)


def test_an_end_just_before_the_waiting_ends_it_too() -> None:
    class Late:
        """A lock that ends all subscriptions a moment before it is had."""

        def __init__(self) -> None:
            self.ending = False

        def __enter__(self) -> None:
            if self.ending:
                self.ending = False
                events.bus.close()

        def __exit__(self, *_: object) -> None: ...

    events, late = EventBus(), Late()
    events.bus = Bus(late)
    items: Any = events.subscribe(["a"])
    assert items.draw(lambda near: None) == b""
    assert items.draw(lambda near: None) is None
    late.ending = True
    with pytest.raises(StopIteration):
        items.draw(lambda near: None)


def test_what_waits_is_left_to_the_queue() -> None:
    items: Any = EventBus().subscribe(["a"])
    assert items.items_per_message == 1  # or a batch of the stream would gather them
    items.close()


def test_a_stream_that_never_began_ends_with_its_client() -> None:
    bus = EventBus()
    client = Client()
    token = serving.set(CallContext(client, 1, 0, "serpent", {}, None))
    try:
        items = bus.subscribe(["a"])
    finally:
        serving.reset(token)
    assert bus.describe()["subscriptions"] == 1
    for resource in list(client.resources):
        resource.close()
    assert bus.describe()["subscriptions"] == 0
    assert items is not None
