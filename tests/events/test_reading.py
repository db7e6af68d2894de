from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import threading
from typing import Any

import pytest

from eventful import event_service
from pyrophone.errors import ConnectError, EventError, StreamError
from pyrophone.events import Publisher, subscribe
from running import LIMIT

NOBODY = "PYRO:Pyrophone.Events@127.0.0.1:1"


def test_nothing_is_connected_before_it_is_read() -> None:
    with event_service() as uri:
        subscription = subscribe("t", service=uri)
        assert subscription.state == "waiting"
        assert subscription.start() is subscription
        assert subscription.state == "connected"
        subscription.close()
        assert subscription.state == "closed"


def test_starting_tells_that_nobody_is_there() -> None:
    subscription = subscribe("t", service=NOBODY)
    with pytest.raises(ConnectError):
        subscription.start()
    assert subscription.state == "closed"

    async def work() -> None:
        other = subscribe("t", service=NOBODY)
        with pytest.raises(ConnectError):
            await other.astart()
        assert other.state == "closed"

    asyncio.run(work())


def test_reading_without_reconnecting_raises_what_is_wrong() -> None:
    with subscribe("t", service=NOBODY, reconnect=False) as subscription:
        with pytest.raises(ConnectError):
            next(subscription)
        assert list(subscription) == []


def test_what_the_service_refuses_is_raised_also_when_reconnecting() -> None:
    many = 10**9  # more than the service has room for
    with event_service() as uri, subscribe("t", service=uri, events=many) as subscription:
        with pytest.raises(EventError):
            subscription.get(LIMIT)
        with pytest.raises(StreamError, match="it is closed"):
            subscription.get(LIMIT)


def test_closing_in_another_thread_ends_the_loop() -> None:
    with event_service() as uri:
        subscription = subscribe("t", service=uri).start()
        ended: list[Any] = []
        thread = threading.Thread(target=lambda: ended.append(list(subscription)))
        thread.start()
        subscription.close()
        thread.join(LIMIT)
        assert ended == [[]]


def test_several_threads_read_each_thing_once() -> None:
    with event_service() as uri, subscribe("t", service=uri).start() as subscription:
        got: list[int] = []
        all_here = threading.Event()

        def read() -> None:
            for event in subscription:
                got.append(event.value)
                if len(got) == 300:
                    all_here.set()

        threads = [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        with Publisher(uri) as publisher:
            publisher.publish_many(("t", number) for number in range(300))
        assert all_here.wait(LIMIT)
        subscription.close()
        for thread in threads:
            thread.join(LIMIT)
        assert sorted(got) == list(range(300))


def test_a_function_is_called_with_each_and_its_errors_are_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    got: list[int] = []
    done = threading.Event()

    def take(event: Any) -> None:
        got.append(event.value)
        if event.value == 1:
            raise ValueError("not this one")
        if event.value == 2:
            done.set()

    with event_service() as uri, subscribe("t", service=uri).start() as subscription:
        thread = subscription.each(take)
        with Publisher(uri) as publisher:
            for number in range(3):
                publisher.publish("t", number)
        assert done.wait(LIMIT)
        subscription.close()
        thread.join(LIMIT)
        assert not thread.is_alive()
    assert got == [0, 1, 2]
    assert "not this one" in caplog.text


def test_who_is_forgotten_ends() -> None:
    before = set(threading.enumerate())
    with event_service() as uri:
        subscribe("t", service=uri).start()
        gc.collect()
        for thread in set(threading.enumerate()) - before:
            if thread.name.startswith("pyrophone-subscription"):
                thread.join(LIMIT)
                assert not thread.is_alive()


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no such signals here")
def test_ctrl_c_ends_the_waiting_and_nothing_is_lost() -> None:
    with event_service() as uri, subscribe("t", service=uri).start() as subscription:
        interrupting = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012, it may come early
            interrupting.start()
            next(subscription)
        with Publisher(uri) as publisher:
            publisher.publish("t", 1)
        assert subscription.get(LIMIT).value == 1


def test_both_kinds_of_loops_read_the_same() -> None:
    with event_service() as uri, Publisher(uri) as publisher:

        async def read() -> list[Any]:
            async with subscribe("t", service=uri) as subscription:
                await subscription.astart()
                publisher.publish_many(("t", number) for number in range(1000))
                got: list[Any] = []
                async for event in subscription:
                    got.append(event.value)
                    if len(got) == 1000:
                        break
                return got

        assert asyncio.run(asyncio.wait_for(read(), LIMIT)) == list(range(1000))
        with subscribe("t", service=uri).start() as subscription:
            publisher.publish_many(("t", number) for number in range(1000))
            got = [next(subscription).value for _ in range(1000)]
        assert got == list(range(1000))


def test_a_task_that_reads_can_be_cancelled_and_closing_ends_another() -> None:
    with event_service() as uri:

        async def work() -> None:
            subscription = subscribe("t", service=uri)
            await subscription.astart()
            reading = asyncio.create_task(_read(subscription))
            await asyncio.sleep(0)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            reading = asyncio.create_task(_read(subscription))
            await asyncio.sleep(0)
            await subscription.aclose()
            assert await reading == []

        asyncio.run(asyncio.wait_for(work(), LIMIT))


async def _read(subscription: Any) -> list[Any]:
    return [event async for event in subscription]


def test_a_lost_connection_is_made_anew(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "pyrophone.events")
    with event_service() as uri:
        subscription = subscribe("t", service=uri).start()
        publisher = Publisher(uri, keep=True)
        publisher.publish("t", 1)
        assert subscription.get(LIMIT).value == 1
    assert uri.port is not None
    with event_service(uri.port):
        publisher.publish("t", 2)
        event = subscription.get(LIMIT)
        assert (event.value, event.number) == (2, 2)
        publisher.close()
        subscription.close()
    assert "waits for PYRO:Pyrophone.Events@127.0.0.1" in caplog.text
    assert "and tries again and again: " in caplog.text


def test_what_cannot_be_called_is_no_function_for_each() -> None:
    with pytest.raises(TypeError, match="each takes a function, not int"):
        subscribe("t").each(5)  # type: ignore[arg-type]
