"""Processes of the real Pyro4, and the combinations that are tested with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from peers import Peer, Run, Start, module_starter, peer_starter, real_python

SCRIPT = Path(__file__).parents[4] / "tests" / "peers" / "real_pyro.py"

SAFE = ("serpent", "json", "marshal", "msgpack")
ALL = (*SAFE, "pickle", "cloudpickle", "dill")


@pytest.fixture(scope="session")
def peer_python() -> Path:
    """The Python of the environment that has the real Pyro4."""
    return real_python("pyro4")


@pytest.fixture(scope="session")
def start_peer(peer_python: Path) -> Iterator[Start]:
    """Starts processes of the real Pyro4; equal ones only once, if they get no *fds*."""
    with peer_starter(peer_python, SCRIPT) as start:
        yield start


@pytest.fixture(scope="session")
def run_module(peer_python: Path) -> Iterator[Run]:
    """Starts a module of the real Pyro4 as a program; gives it until the tests end."""
    with module_starter(peer_python) as run:
        yield run


@pytest.fixture(params=ALL)
def serializer(request: pytest.FixtureRequest) -> str:
    """In what the client writes; the servers of these tests accept all."""
    return str(request.param)


@pytest.fixture(params=["thread", "multiplex"])
def server(request: pytest.FixtureRequest, start_peer: Start) -> Iterator[Peer]:
    """The real Pyro4 that serves ``daemon`` with the object ``thing`` on loopback."""
    peer = start_peer(
        PYRO_SERVERTYPE=request.param, PYRO_SERIALIZERS_ACCEPTED=",".join(ALL)
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
def client(start_peer: Start) -> Iterator[Peer]:
    """The real Pyro4 as a client, with ``connect(uri, serializer)``."""
    peer = start_peer(PYRO_COMMTIMEOUT="20", PYRO_SERIALIZERS_ACCEPTED=",".join(ALL))
    peer.forget()
    yield peer
    peer.forget()
