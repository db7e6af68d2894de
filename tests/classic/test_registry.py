"""The objects of a daemon."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import Pyro5.api
from Pyro5 import errors


@Pyro5.api.expose
class Clock:
    """Something to register."""

    def hour(self) -> int:
        return 11


@pytest.fixture
def daemon() -> Iterator[Pyro5.api.Daemon]:
    """A daemon that nobody calls."""
    with Pyro5.api.Daemon() as daemon:
        yield daemon


def test_what_is_registered_is_marked_until_it_is_not(daemon: Pyro5.api.Daemon) -> None:
    clock = Clock()
    uri = daemon.register(clock, "clock")
    assert (vars(clock)["_pyroId"], uri.object) == ("clock", "clock")
    assert daemon.objectsById["clock"] is clock
    daemon.unregister(clock)
    assert vars(clock) == {}
    assert "clock" not in daemon.objectsById


def test_what_can_not_be_marked_is_not_registered(daemon: Pyro5.api.Daemon) -> None:
    for impossible in (None, 5, int):
        with pytest.raises(AttributeError, match="can't be registered"):
            daemon.register(impossible, "x")
    assert list(daemon.objectsById) == ["Pyro.Daemon"]
    with pytest.raises(TypeError, match="objectId must be a string"):
        daemon.register(Clock(), 5)  # type: ignore[arg-type]


def test_a_proxy_for_it_knows_its_members(daemon: Pyro5.api.Daemon) -> None:
    clock = Clock()
    daemon.register(clock, "clock")
    assert daemon.proxyFor(clock)._pyroMethods == {"hour"}
    assert str(daemon.uriFor("any")) == f"PYRO:any@{daemon.locationStr}"
    with pytest.raises(errors.DaemonError, match="isn't registered"):
        daemon.uriFor(Clock())
    with pytest.raises(errors.DaemonError, match="unknown object"):
        daemon.proxyFor("any")
