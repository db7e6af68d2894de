"""Finding a name server, and what it knows: in what order, and what becomes of failures."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from Pyro4 import errors, lookups
from Pyro4.configuration import config
from Pyro4.uris import URI

OWN = "Pyro.NameServer"


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Find no name server of anybody else."""
    monkeypatch.setattr(config, "NS_PORT", 1)
    monkeypatch.setattr(config, "NS_BCPORT", 1)
    monkeypatch.setattr(config, "BROADCAST_ADDRS", "")


class Net:
    """Makes proxies, and knows which of them would reach something.

    Attributes:
        there: Locations where a name server is.
        tried: Where somebody connected, in order.
        made: The proxies.
    """

    def __init__(self, *there: str) -> None:
        self.there = there
        self.tried: list[str | None] = []
        self.made: list[Stub] = []

    def __call__(self, uri: URI) -> Any:
        self.made.append(Stub(self, uri))
        return self.made[-1]


class Stub:
    """A proxy that needs no network."""

    def __init__(self, net: Net, uri: URI) -> None:
        self._pyroUri = uri
        self._pyroHmacKey: Any = None
        self.bound = False
        self._net = net

    def _pyroBind(self) -> None:
        self._net.tried.append(self._pyroUri.location)
        if self._pyroUri.location not in self._net.there:
            raise errors.CommunicationError(f"nobody at {self._pyroUri.location}")
        self.bound = True

    def _pyroRelease(self) -> None:
        self.bound = False

    def lookup(self, name: str) -> URI:
        """Know one name."""
        if name != "lamp":
            raise errors.NamingError(f"unknown name: {name}")
        return URI("PYRO:lamp@h:1")

    def list(self, metadata_all: Any, return_metadata: bool = False) -> dict[str, str]:
        """Know one tag."""
        return {"lamp": "PYRO:lamp@h:1"} if set(metadata_all) == {"light"} else {}


def test_a_host_is_the_only_place_to_look_at() -> None:
    for host, port, location in (
        ("h", None, "h:1"),
        ("h", 7, "h:7"),
        ("::1", 7, "[::1]:7"),
        ("./u:/tmp/x y", None, "./u:/tmp/x y"),
    ):
        net = Net(location)
        found = lookups.locate(net, host, port, hmac_key=b"k")
        assert (found.bound, found._pyroHmacKey, str(found._pyroUri)) == (
            True,
            b"k",
            f"PYRO:{OWN}@{location}",
        )
        with pytest.raises(
            errors.NamingError, match=r"^Failed to locate the name"
        ) as caught:
            lookups.locate(Net(), host, port)
        assert repr(caught.value.__cause__) == f"CommunicationError('nobody at {location}')"


@pytest.mark.skipif(sys.platform != "linux", reason="its own name is elsewhere")
def test_this_machine_is_tried_before_and_after_a_broadcast() -> None:
    net = Net()
    with pytest.raises(errors.NamingError) as caught:
        lookups.locate(net, port=7)
    assert net.tried == ["localhost:7", "127.0.1.1:7", "localhost:1"]
    assert str(caught.value.__cause__) == "nobody at localhost:1"
    net = Net("127.0.1.1:1")
    assert lookups.locate(net).bound


def test_another_machine_is_asked_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "NS_HOST", "far")
    net = Net("far:1")
    assert lookups.locate(net, port=7).bound
    assert net.tried == ["far:1"]


@pytest.fixture
def beacon() -> Iterator[socket.socket]:
    """Where broadcasts arrive, on loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(10)
        yield sock


def answer(sock: socket.socket, *texts: str) -> threading.Thread:
    """Answer as many questions as there are texts."""

    def run() -> None:
        for text in texts:
            question, who = sock.recvfrom(100)
            assert question == b"GET_NSURI"
            sock.sendto(text.encode(), who)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.parametrize("how", ["argument", "configuration"])
def test_who_answers_a_broadcast_is_not_connected_to(
    beacon: socket.socket, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = beacon.getsockname()[1]
    monkeypatch.setattr(config, "BROADCAST_ADDRS", "no.such.invalid, 127.0.0.1")
    if how == "configuration":
        monkeypatch.setattr(config, "NS_BCPORT", port)
    thread = answer(beacon, "junk", f"PYRO:{OWN}@far:9090")
    found = lookups.locate(Net(), None, port if how == "argument" else None, True, b"k")
    thread.join()
    assert (found._pyroUri.location, found.bound, found._pyroHmacKey) == (
        "far:9090",
        False,
        b"k",
    )


def test_nobody_is_asked_who_must_not_be(
    beacon: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "BROADCAST_ADDRS", "127.0.0.1")
    monkeypatch.setattr(config, "NS_BCPORT", beacon.getsockname()[1])
    with pytest.raises(errors.NamingError):
        lookups.locate(Net(), broadcast=False)
    monkeypatch.setattr(config, "PREFER_IP_VERSION", 6)
    with pytest.raises(errors.NamingError):
        lookups.locate(Net())
    beacon.setblocking(False)
    with pytest.raises(BlockingIOError):
        beacon.recv(100)


def test_names_lead_to_uris() -> None:
    net = Net("localhost:1", "h:7")
    for text, found in (
        ("PYRO:x@h:2", "PYRO:x@h:2"),
        ("PYRONAME:lamp", "PYRO:lamp@h:1"),
        ("PYRONAME:lamp@h:7", "PYRO:lamp@h:1"),
        ("PYROMETA:light", "PYRO:lamp@h:1"),
    ):
        assert str(lookups.resolve(net, text, b"k")) == found
        assert str(lookups.resolve(net, URI(text), b"k")) == found
    assert {made._pyroHmacKey for made in net.made} == {b"k"}
    assert not any(made.bound for made in net.made)


def test_what_leads_nowhere_is_an_error() -> None:
    net = Net("localhost:1")
    with pytest.raises(errors.NamingError, match=r"^unknown name: x$"):
        lookups.resolve(net, "PYRONAME:x")
    with pytest.raises(errors.NamingError, match="with desired metadata properties"):
        lookups.resolve(net, "PYROMETA:light,green")
    assert not any(made.bound for made in net.made)
    with pytest.raises(errors.NamingError, match=r"^Failed to locate the nameserver$"):
        lookups.resolve(Net(), "PYRONAME:lamp")
    wrong: Any = 7
    with pytest.raises(TypeError, match="can only resolve Pyro URIs"):
        lookups.resolve(net, wrong)
    with pytest.raises(errors.PyroError, match="invalid uri"):
        lookups.resolve(net, "junk")
