"""The name of an event service: found by name, whichever of the two came first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pyrophone import URI, Settings
from pyrophone.errors import UnknownNameError
from pyrophone.events import names
from pyrophone.events.names import NameKeeper
from pyrophone.naming import NameService
from pyrophone.sync import locate_names
from running import LIMIT, running

HERE = URI.parse("PYRO:Pyrophone.Events@localhost:1")
THERE = URI.parse("PYRO:Pyrophone.Events@localhost:2")


@contextmanager
def name_server(port: int = 0) -> Iterator[Settings]:
    with running(NameService("localhost", port)) as service:
        yield settings_for(service.uri.port or 0)


def settings_for(port: int) -> Settings:
    return Settings(name_port=port, broadcast_addresses=(), broadcast_timeout=0.001)


@contextmanager
def keeping(settings: Settings) -> Iterator[NameKeeper]:
    with running(NameKeeper("events", HERE, settings)) as keeper:
        yield keeper


def found(settings: Settings) -> URI | None:
    with locate_names(settings=settings) as server:
        try:
            uri: URI = server.lookup("events")
        except UnknownNameError:
            return None
        return uri


def test_a_name_is_registered_and_withdrawn() -> None:
    with name_server() as settings:
        with keeping(settings) as keeper:
            assert keeper.registered.wait(LIMIT)
            assert found(settings) == HERE
        assert found(settings) is None


def test_a_name_that_somebody_else_has_taken_is_left_to_him(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(names, "_LOOK", 0.001)
    with name_server() as settings:
        with keeping(settings) as keeper:
            assert keeper.registered.wait(LIMIT)
            with locate_names(settings=settings) as server:
                server.register("events", THERE)
            assert found(settings) == THERE
        assert found(settings) == THERE


def test_a_name_server_may_come_later_and_be_started_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("_SOONEST", "_LATEST", "_LOOK"):
        monkeypatch.setattr(names, name, 0.01)
    with name_server() as settings:
        port = settings.name_port
    with keeping(settings) as keeper:
        assert not keeper.registered.is_set()
        for _ in range(2):
            with name_server(port):
                for _ in range(1000):
                    if found(settings) == HERE:
                        break
                assert found(settings) == HERE


def test_without_a_name_server_it_ends_all_the_same() -> None:
    with name_server() as settings:
        pass
    with keeping(settings) as keeper:
        pass
    assert not keeper.registered.is_set()
