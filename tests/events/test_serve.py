"""An event service with a daemon of its own, and one in the name server."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from pyrophone import Settings
from pyrophone.events import EventService, Limits, Publisher, subscribe
from pyrophone.naming import NameService
from pyrophone.sync import connect, locate_names
from running import LIMIT, running


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
    with running(EventService(name=None)) as service:
        check(service.uri)
        assert service.events.topics() == ["lab.temperature"]


def test_it_is_found_by_its_name() -> None:
    with running(NameService("localhost", 0)) as names:
        settings = settings_for(names)
        with running(EventService(settings=settings)) as service:
            assert service._keeper is not None
            assert service._keeper.registered.wait(LIMIT)
            assert names.names.lookup("Pyrophone.Events") == service.uri
            check(None, settings)
        assert names.names.count() == 1


def test_the_end_waits_for_no_subscription() -> None:
    with running(EventService(name=None)) as service:
        with connect(service.uri) as proxy:
            items = iter(proxy.subscribe(["a"]))
            assert next(items) == b""
            service.stop(LIMIT)  # would take so long
            assert list(items) == []


def test_limits_are_those_given() -> None:
    limits = Limits(event_size=1000)
    with running(EventService(name=None, limits=limits)) as service:
        with connect(service.uri) as proxy:
            assert proxy.hello()["event_size"] == 1000


def test_a_port_that_is_taken_is_an_error() -> None:
    with EventService(name=None) as service, pytest.raises(OSError, match="in use"):
        EventService(port=service.uri.port or 0, name=None)


def test_a_name_server_can_be_one_too() -> None:
    with running(NameService("localhost", 0, events=True)) as names:
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
