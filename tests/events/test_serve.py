"""An event service with a daemon of its own, and one in the name server."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pyrophone import Settings
from pyrophone.events import EventService, Limits, Publisher, subscribe
from pyrophone.naming import NameService
from pyrophone.sync import connect, locate_names
from running import LIMIT


@contextmanager
def serving(service: Any) -> Iterator[Any]:
    """Serve in a thread; at the end stop and wait for the thread."""
    thread = threading.Thread(target=service.serve, name="serve")
    thread.start()
    try:
        yield service
    finally:
        service.stop()
        thread.join(LIMIT)
        assert not thread.is_alive()


def settings_for(names: NameService) -> Settings:
    return Settings(
        name_port=names.uri.port or 0,
        broadcast_addresses=(),
        broadcast_timeout=0.001,
        timeout=LIMIT,
    )


def check(service: Any, settings: Settings | None = None) -> None:
    """Let an event go from a publisher to a subscriber."""
    with subscribe("lab.", service=service, settings=settings) as subscription:
        subscription.start()
        with Publisher(service, settings=settings) as publisher:
            publisher.publish("lab.temperature", 21.5)
        event = subscription.get(LIMIT)
        assert (event.topic, event.value) == ("lab.temperature", 21.5)


def test_events_go_through_it() -> None:
    with serving(EventService(name=None)) as service:
        check(service.uri)
        assert service.events.topics() == ["lab.temperature"]


def test_it_is_found_by_its_name() -> None:
    with serving(NameService("localhost", 0)) as names:
        settings = settings_for(names)
        with serving(EventService(settings=settings)) as service:
            assert service._keeper is not None
            assert service._keeper.registered.wait(LIMIT)
            assert names.names.lookup("Pyrophone.Events") == service.uri
            check(None, settings)
        assert names.names.count() == 1


def test_the_end_waits_for_no_subscription() -> None:
    with serving(EventService(name=None)) as service:
        with connect(service.uri) as proxy:
            items = iter(proxy.subscribe(["a"]))
            assert next(items) == b""
            service.stop(LIMIT)  # would take so long
            assert list(items) == []


def test_limits_are_those_given() -> None:
    limits = Limits(event_size=1000)
    with serving(EventService(name=None, limits=limits)) as service:
        with connect(service.uri) as proxy:
            assert proxy.hello()["event_size"] == 1000


def test_a_port_that_is_taken_is_an_error() -> None:
    with EventService(name=None) as service, pytest.raises(OSError, match="in use"):
        EventService(port=service.uri.port or 0, name=None)


def test_a_name_server_can_be_one_too() -> None:
    with serving(NameService("localhost", 0, events=True)) as names:
        settings = settings_for(names)
        check(None, settings)
        assert names.events is not None
        assert names.events.topics() == ["lab.temperature"]
        with locate_names(settings=settings) as proxy:
            assert proxy.lookup("Pyrophone.Events").port == names.uri.port


def test_names_without_events_import_no_asyncio() -> None:
    program = "import sys, pyrophone.naming, pyrophone.events; print('asyncio' in "
    command = [sys.executable, "-c", program + "sys.modules)"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
