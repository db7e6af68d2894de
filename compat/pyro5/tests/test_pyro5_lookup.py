"""Where a name server is looked for, and in which order."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import Pyro5.api
import Pyro5.nameserver
from Pyro5 import errors

NOWHERE = 1  # a port that nobody listens at


@pytest.fixture
def start(running: Callable[[Any], Any]) -> Callable[..., Any]:
    """Give a function that runs a name server; it returns its daemon."""

    def run(host: str = "127.0.0.1", **where: Any) -> Any:
        return running(Pyro5.nameserver.NameServerDaemon(host, port=0, **where))

    return run


@pytest.fixture
def answer() -> Iterator[Callable[..., int]]:
    """Give a function that answers broadcasts for a daemon; it returns the port."""
    servers: list[Any] = []

    def run(daemon: Any) -> int:
        uri = daemon.uriFor("Pyro.NameServer")
        servers.append(Pyro5.nameserver.BroadcastServer(uri, "127.0.0.1", 0))
        servers.append(servers[-1].runInThread())
        port: int = servers[-2].getPort()
        return port

    Pyro5.config.BROADCAST_ADDRS = ["127.0.0.1"]
    Pyro5.config.NS_PORT = NOWHERE
    Pyro5.config.NS_BCPORT = NOWHERE
    yield run
    for server, thread in zip(servers[::2], servers[1::2], strict=True):
        server.close()
        thread.join(10)


def port_of(daemon: Any) -> int:
    """Return the TCP port."""
    port: int = daemon.sock.getsockname()[1]
    return port


def found(**where: Any) -> int:
    """Return the port of the name server that is found."""
    with Pyro5.api.locate_ns(**where) as names:
        port: int = names.lookup("Pyro.NameServer").port
        return port


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_this_machine_comes_before_a_broadcast(
    host: str, start: Callable[..., Any], answer: Callable[..., int]
) -> None:
    here, there = start(), start()
    Pyro5.config.NS_BCPORT = answer(there)
    Pyro5.config.NS_HOST = host
    Pyro5.config.NS_PORT = port_of(here)
    assert found() == port_of(here)
    Pyro5.config.NS_PORT = NOWHERE
    assert found() == port_of(there)


def test_a_broadcast_comes_before_another_machine(
    start: Callable[..., Any], answer: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other machine is this one, by a name that does not tell."""
    resolve = socket.getaddrinfo

    def pretend(host: Any, *how: Any, **more: Any) -> Any:
        return resolve("127.0.0.1" if host == "elsewhere" else host, *how, **more)

    monkeypatch.setattr(socket, "getaddrinfo", pretend)
    there, loud = start(), start()
    Pyro5.config.NS_HOST = "elsewhere"
    Pyro5.config.NS_PORT = port_of(there)
    assert found(broadcast=False) == port_of(there)
    Pyro5.config.NS_BCPORT = answer(loud)
    assert found() == port_of(loud)
    assert found(broadcast=False) == port_of(there)
    Pyro5.config.PREFER_IP_VERSION = 6  # which has no broadcasts
    assert found() == port_of(there)
    Pyro5.config.PREFER_IP_VERSION = 0
    Pyro5.config.NS_BCPORT = NOWHERE
    assert found(port=answer(loud)) == port_of(loud)  # that of the broadcast
    Pyro5.config.BROADCAST_ADDRS = []
    assert found(port=port_of(loud)) == port_of(there)  # not that of the other machine


def test_names_are_resolved_in_the_same_order(
    start: Callable[..., Any], answer: Callable[..., int]
) -> None:
    there = start()
    there.nameserver.register("x", "PYRO:x@h:1", metadata={"t"})
    Pyro5.config.NS_BCPORT = answer(there)
    for text in ("PYRONAME:x", "PYROMETA:t", f"PYRONAME:x@localhost:{port_of(there)}"):
        assert str(Pyro5.api.resolve(text)) == "PYRO:x@h:1"
    Pyro5.config.PREFER_IP_VERSION = 6
    with pytest.raises(errors.NamingError, match="Failed to locate the nameserver"):
        Pyro5.api.resolve("PYRONAME:x")


def test_a_name_for_a_name_is_not_followed(start: Callable[..., Any]) -> None:
    daemon = start()
    Pyro5.config.NS_PORT = port_of(daemon)
    daemon.nameserver.register("x", "PYRONAME:y", metadata={"t"})
    daemon.nameserver.register("y", "PYRO:y@localhost:1")
    for text in ("PYRONAME:x", "PYROMETA:t"):
        assert Pyro5.api.resolve(text) == Pyro5.api.URI("PYRONAME:y")
        with pytest.raises(errors.PyroError):
            Pyro5.api.Proxy(text)._pyroBind()


def test_a_port_without_a_host_is_tried_everywhere_and_ns_port_at_last(
    start: Callable[..., Any], answer: Callable[..., int]
) -> None:
    here, there, usual = start(), start(), start()
    Pyro5.config.NS_PORT = port_of(usual)
    assert found(port=port_of(here)) == port_of(here)
    assert found(port=answer(there)) == port_of(there)
    Pyro5.config.BROADCAST_ADDRS = []
    assert found(port=NOWHERE) == port_of(usual)
    with pytest.raises(errors.NamingError):
        found(host="localhost", port=NOWHERE)


def test_with_a_host_nothing_else_is_tried(
    start: Callable[..., Any], answer: Callable[..., int]
) -> None:
    Pyro5.config.NS_BCPORT = answer(start())
    with pytest.raises(errors.NamingError) as caught:
        found(host="localhost")
    assert str(caught.value).startswith("Failed to locate the nameserver")
    assert isinstance(caught.value.__cause__, Exception)
    with pytest.raises(errors.NamingError):
        Pyro5.api.resolve("PYRONAME:x@localhost")


def test_a_unix_socket_is_where_it_says(start: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "names.sock"
    daemon = start(unixsocket=str(path))
    daemon.nameserver.register("x", "PYRO:x@h:1", metadata={"t"})
    with Pyro5.api.locate_ns(f"./u:{path}") as names:
        assert names.count() == 2
    Pyro5.config.NS_PORT = NOWHERE
    for text in (f"PYRONAME:x@./u:{path}", f"PYROMETA:t@./u:{path}"):
        assert str(Pyro5.api.resolve(text)) == "PYRO:x@h:1"
    with pytest.raises(errors.NamingError, match="Failed to locate the nameserver"):
        Pyro5.api.locate_ns(f"./u:{tmp_path / 'none'}")


def test_a_name_that_comes_late_is_waited_for(start: Callable[..., Any]) -> None:
    asked = threading.Event()

    class Watched(Pyro5.nameserver.MemoryStorage):
        """Tells when it was asked."""

        def __getitem__(self, key: str) -> Any:
            if key == "late":
                asked.set()
            return super().__getitem__(key)

    daemon = start(storage=Watched())
    Pyro5.config.NS_PORT = port_of(daemon)
    results: list[Any] = []
    waiting = threading.Thread(
        target=lambda: results.append(Pyro5.api.resolve("PYRONAME:late", delay_time=10))
    )
    waiting.start()
    assert asked.wait(10)
    daemon.nameserver.register("late", "PYRO:late@h:1")
    waiting.join(10)
    assert [(type(one), str(one)) for one in results] == [(Pyro5.api.URI, "PYRO:late@h:1")]
    assert type(Pyro5.api.resolve("PYRONAME:late", delay_time=10)) is Pyro5.api.URI
