"""A proxy connects when it must, and lets go of what it has."""

from __future__ import annotations

import logging
import os
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from Pyro5 import config, errors
from Pyro5.generation import PYRO5
from pyrophone.classic.binding import ClassicBinding
from pyrophone.classic.uris import ClassicURI
from pyrophone.wire.metadata import Metadata


class Address(ClassicURI):
    """A URI of some generation."""

    generation = PYRO5


class Plug:
    """Stands in for a connection."""

    closed = 0
    is_inherited = False
    keep_open = False
    timeout: float | None = None

    def close(self) -> None:
        """Note it."""
        self.closed += 1

    def family(self) -> str:
        """Return a name."""
        return "IPv9"


class Stub(ClassicBinding):
    """A proxy that connects to nothing."""

    _pyroGeneration = PYRO5
    _pyroLog = logging.getLogger("test")

    def __init__(self, *problems: Exception) -> None:
        self._pyroSetUp(Address("PYRO:thing@host:1"))
        self.problems = list(problems)

    def _pyroGuard(self) -> AbstractContextManager[object]:
        return nullcontext()

    def _pyroOpen(self) -> Any:
        if self.problems:
            raise self.problems.pop(0)
        self._pyroTake(Plug())
        self._pyroTakeMetadata(Metadata(methods=frozenset({"add"})))
        return Address("PYRO:found@host:1")


def test_binding_connects_once_and_keeps_where() -> None:
    proxy = Stub()
    assert (proxy._pyroBind(), proxy._pyroBind()) == (True, False)
    assert str(proxy._pyroUri) == "PYRO:found@host:1"


def test_releasing_closes_and_the_end_of_a_block_releases() -> None:
    with Stub() as proxy:
        proxy._pyroKnow()
        plug, methods = proxy._pyroConnection, proxy._pyroMethods
        assert (str(proxy._pyroUri), methods) == ("PYRO:thing@host:1", {"add"})
    proxy._pyroRelease()
    assert (plug.closed, proxy._pyroConnection) == (1, None)


@pytest.mark.parametrize("keep_open", [False, True])
def test_a_child_leaves_the_connection_to_the_process_it_was_forked_from(
    keep_open: bool,
) -> None:
    proxy = Stub()
    proxy._pyroBind()
    plug = proxy._pyroConnection
    plug.is_inherited, plug.keep_open = True, keep_open
    proxy._pyroSending = True
    proxy._pyroLookAround()
    assert (proxy._pyroConnection, proxy._pyroSending) == (plug, True)
    proxy._pyroProcess = 0  # another one
    proxy._pyroLookAround()
    assert (proxy._pyroConnection is plug, proxy._pyroSending) == (keep_open, False)
    assert proxy._pyroProcess == os.getpid()


def test_a_collected_proxy_closes() -> None:
    proxy = Stub()
    proxy._pyroBind()
    plug = proxy._pyroConnection
    del proxy
    assert plug.closed == 1


def test_reconnecting_tries_as_often_as_it_is_told() -> None:
    refused = errors.CommunicationError("refused")
    proxy = Stub(refused)
    with pytest.raises(errors.ConnectionClosedError, match="failed to reconnect"):
        proxy._pyroReconnect(tries=1)
    proxy._pyroReconnect(tries=1)
    assert proxy._pyroConnection is not None
    with pytest.raises(errors.NamingError):
        Stub(errors.NamingError("no name server"))._pyroReconnect()


def test_the_limit_of_time_holds_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "COMMTIMEOUT", 3.0)
    proxy = Stub()
    assert proxy._pyroTimeout == 3.0
    proxy._pyroBind()
    proxy._pyroTimeout = 5.0
    assert (proxy._pyroTimeout, proxy._pyroConnection.timeout) == (5.0, 5.0)
    proxy._pyroTimeout = 0
    assert proxy._pyroConnection.timeout is None


def test_an_object_without_members_is_refused() -> None:
    with pytest.raises(errors.PyroError, match="'PYRO:thing@host:1' doesn't expose any"):
        Stub()._pyroTakeMetadata(Metadata())


def test_proxies_are_equal_and_keys_by_their_uris() -> None:
    one, other = Stub(), Stub()
    assert one == other
    assert hash(one) == hash(one._pyroUri)
    other._pyroBind()
    assert one != other
    assert repr(one).endswith("; not connected; for PYRO:thing@host:1>")
    assert "; connected IPv9; for " in repr(other)
