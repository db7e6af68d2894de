"""Processes of the real Pyro5, and the combinations that are tested with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from peers import Peer, Run, Start, module_starter, peer_starter, real_python
from pyrophone import Settings
from pyrophone.sync import Proxy, connect

SCRIPT = Path(__file__).parent / "real_pyro.py"
SERIALIZERS = ("serpent", "json", "marshal", "msgpack")


@pytest.fixture(scope="session")
def peer_python() -> Path:
    """The Python of the environment that has the real Pyro5."""
    return real_python("pyro5")


@pytest.fixture(scope="session")
def start_peer(peer_python: Path) -> Iterator[Start]:
    """Starts processes of the real Pyro5; equal ones only once, if they get no *fds*."""
    with peer_starter(peer_python, SCRIPT) as start:
        yield start


@pytest.fixture(scope="session")
def run_module(peer_python: Path) -> Iterator[Run]:
    """Starts a module of the real Pyro5 as a program; gives it until the tests end."""
    with module_starter(peer_python) as run:
        yield run


@pytest.fixture(params=SERIALIZERS)
def serializer(request: pytest.FixtureRequest) -> str:
    """In what the client writes."""
    return str(request.param)


@pytest.fixture(params=[False, True], ids=["plain", "compressed"])
def compression(request: pytest.FixtureRequest) -> bool:
    """Whether both sides compress."""
    return bool(request.param)


@pytest.fixture
def settings(serializer: str, compression: bool) -> Settings:
    """Those of our side, so that nothing waits for ever."""
    return Settings(serializer=serializer, compression=compression, timeout=20.0)


@pytest.fixture(params=["thread", "multiplex"])
def server(
    request: pytest.FixtureRequest, start_peer: Start, compression: bool
) -> Iterator[Peer]:
    """The real Pyro5 that serves ``daemon`` with the object ``thing``."""
    peer = start_peer(
        PYRO_SERVERTYPE=request.param, PYRO_COMPRESSION="1" if compression else "0"
    )
    peer.forget()
    peer.run("daemon = serve(host='localhost')\nthing = Thing()")
    peer.run("uri = daemon.register(thing, 'thing')")
    yield peer
    peer.forget()


@pytest.fixture
def location(server: Peer) -> str:
    """Where the real server is."""
    return str(server.value("daemon.locationStr"))


@pytest.fixture
def thing(location: str, settings: Settings) -> Iterator[Proxy]:
    """Our proxy for the ``thing`` of the real server."""
    with connect(f"PYRO:thing@{location}", settings=settings) as proxy:
        yield proxy


@pytest.fixture
def client(start_peer: Start, compression: bool) -> Iterator[Peer]:
    """The real Pyro5 as a client."""
    peer = start_peer(PYRO_COMPRESSION="1" if compression else "0", PYRO_COMMTIMEOUT="20")
    peer.forget()
    yield peer
    peer.forget()
