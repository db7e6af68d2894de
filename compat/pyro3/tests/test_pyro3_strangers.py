"""Peers that don't keep to the rules: what they can't get, hold up, or break."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import Pyro.constants
import Pyro.core
from Pyro.errors import ConnectionClosedError, ConnectionDeniedError, NoModuleError
from Pyro.values import CLASSES
from pyrophone.wire.framing import BATCH

DOOR = Pyro.constants.INTERNAL_DAEMON_GUID


class Account(Pyro.core.ObjBase):
    """Knows who calls, by what the connection was told."""

    def echo(self, value: Any) -> Any:
        return value

    def login(self, user: str) -> None:
        self.getLocalStorage().caller.user = user

    @property
    def user(self) -> Any:
        return getattr(self.getLocalStorage().caller, "user", None)


def without_proof(uri: Any) -> Any:
    """Return an adapter that connects, and leaves the answer to the challenge out."""
    adapter: Any = Pyro.core.PyroURI(uri).getProxy().adapter
    adapter._log_in = lambda: setattr(adapter, "_challenge", None)
    adapter.setTimeout(10)
    adapter._connect()
    return adapter


# Towards daemons.


def test_many_calls_in_one_message_are_no_way_around_the_pass_phrase(
    threaded: int, running: Any
) -> None:
    daemon = running()
    daemon.setAllowedIdentifications(["secret"])
    adapter = without_proof(daemon.connect(Account(), "name"))
    calls: Any = [("call", ("getRegistered", (), {}), {})]
    with pytest.raises(ConnectionClosedError):
        adapter._send("login", calls, BATCH, DOOR)


def test_who_has_not_proved_who_it_is_sends_no_large_messages(
    threaded: int, running: Any
) -> None:
    daemon = running()
    daemon.setAllowedIdentifications(["secret"])
    uri = daemon.connect(Account())
    with pytest.raises(ConnectionClosedError):
        without_proof(uri)._send("login", (b"x" * 20_000,), 0, DOOR)
    proxy = uri.getProxy()
    proxy._setIdentification("secret")
    assert proxy.echo(b"x" * 20_000) == b"x" * 20_000


def test_those_without_proof_keep_nobody_out(threaded: int, running: Any) -> None:
    Pyro.config.PYRO_MAXCONNECTIONS = 2
    daemon = running()
    daemon.setAllowedIdentifications(["secret"])
    uri = daemon.connect(Account())
    idle = [without_proof(uri) for _ in range(3)]
    proxies = [uri.getProxy() for _ in range(3)]
    for proxy in proxies:
        proxy._setIdentification("secret")
    assert [proxy.echo(1) for proxy in proxies[:2]] == [1, 1]
    with pytest.raises(ConnectionDeniedError, match="server too busy"):
        proxies[2].echo(1)
    wait_until(lambda: len(daemon.connections) == 2)
    for adapter in idle:
        with pytest.raises(ConnectionClosedError):
            adapter._send("login", (b"",), 0, DOOR)


def test_an_attribute_knows_who_reads_it(threaded: int, running: Any) -> None:
    Pyro.config.PYRO_MAXCONNECTIONS = 1
    daemon = running()
    uri = daemon.connect(Account())
    first, second = uri.getAttrProxy(), uri.getAttrProxy()
    first.login("joe")
    assert first.user == "joe"
    first._release()
    wait_until(lambda: not daemon.connections)
    assert second.user is None


class Gone:
    """Of a module that only the sender has."""


CLASSES.register(Gone, lambda value: {"__class__": "elsewhere.Gone", "x": 1})


def test_values_of_unknown_classes_reach_no_method(
    threaded: int, running: Any, tmp_path: Path
) -> None:
    Pyro.config.PYRO_TRACELEVEL, Pyro.config.PYRO_LOGFILE = 1, "log"
    proxy = running().connect(Account()).getProxy()
    with pytest.raises(NoModuleError, match=r"elsewhere\.Gone"):
        proxy.echo([Gone()])
    proxy._setOneway("login")
    proxy.login(Gone())
    log = tmp_path / "log"
    wait_until(lambda: log.exists() and "NoModuleError" in log.read_text())


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)
