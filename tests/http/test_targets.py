"""Targets: calls of one object whose results stay JSON."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from pyrophone import URI, Settings
from pyrophone.context import Client
from pyrophone.errors import (
    ConnectError,
    NotExposedError,
    RemoteProtocolError,
    UnknownNameError,
)
from pyrophone.http.targets import Outcome, Target
from pyrophone.sync import Daemon
from running import LIMIT, running

if TYPE_CHECKING:
    from tests.http.conftest import Kettle

NAME = URI("PYRONAME", "http.kettle")


def test_methods_attributes_and_errors_come_as_json(
    kettle: Kettle, settings: Settings
) -> None:
    with Target(NAME, settings) as target:
        assert target.metadata.attributes == {"filled"}
        assert target.call("heat", {"degrees": "80"}) == Outcome(
            b'{"degrees": "80", "minutes": 1}'
        )
        assert target.call("filled", {}) == Outcome(b"0.5")
        outcome = target.call("fail", {})
    assert outcome.failed
    assert b'"__class__": "builtins.ValueError"' in outcome.data
    assert kettle.level == 0.5


def test_one_way_calls_give_nothing(kettle: Kettle, settings: Settings) -> None:
    with Target(NAME, settings) as target:
        assert target.call("heat", {}, oneway=True) == Outcome()
        assert target.call("pour", {}) == Outcome()
        assert kettle.poured.wait(LIMIT)


@pytest.mark.usefixtures("kettle")
@pytest.mark.parametrize("member", ["nothing", "__init__", "__class__", "<batch>", "level"])
def test_only_exposed_members_are_reached(settings: Settings, member: str) -> None:
    with Target(NAME, settings) as target:
        with pytest.raises(NotExposedError, match="has no exposed attribute or method"):
            target.call(member, {})


@pytest.mark.usefixtures("kettle")
def test_attributes_take_no_parameters(settings: Settings) -> None:
    with Target(NAME, settings) as target:
        with pytest.raises(TypeError, match="filled is an attribute"):
            target.call("filled", {"a": 1})


@pytest.mark.usefixtures("kettle")
def test_an_iterator_is_an_error_and_does_not_stay_on_the_server(
    settings: Settings, daemon: Daemon
) -> None:
    with Target(NAME, settings) as target:
        with pytest.raises(RemoteProtocolError, match="is an iterator"):
            target.call("steam", {})
        target.call("heat", {})  # behind the one that closes the stream
    assert len(daemon.streams) == 0


def test_its_connection_ends_with_the_block(settings: Settings, kettle: Kettle) -> None:
    gone = threading.Event()

    class Watched(Daemon):
        def left_by(self, client: Client) -> None:
            gone.set()

    with running(Watched(settings=settings)) as daemon:
        with Target(daemon.register(kettle), settings) as target:
            target.call("filled", {})
            assert not gone.is_set()
        assert gone.wait(LIMIT)
        del target


def test_what_is_not_there_is_an_error(settings: Settings) -> None:
    with pytest.raises(UnknownNameError):
        Target(URI("PYRONAME", "http.nothing"), settings)
    with pytest.raises(ConnectError):
        Target(URI("PYRO", "x", None, "localhost", 1), settings)
