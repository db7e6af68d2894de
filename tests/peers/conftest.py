"""Processes of the real Pyro5, and the combinations that are tested with them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from peers import Peer, clean_environment, end, real_python
from pyrophone import Settings
from pyrophone.sync import Proxy, connect

SCRIPT = Path(__file__).parent / "real_pyro5.py"
SERIALIZERS = ("serpent", "json", "marshal", "msgpack")


Start: TypeAlias = Callable[..., Peer]
Run: TypeAlias = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="session")
def peer_python() -> Path:
    """The Python of the environment that has the real Pyro5."""
    return real_python("pyro5")


@pytest.fixture(scope="session")
def start_peer(peer_python: Path) -> Iterator[Start]:
    """Starts processes of the real Pyro5; equal ones only once, if they get no *fds*."""
    running: dict[tuple[Any, ...], Peer] = {}
    others: list[Peer] = []

    def start(*, fds: tuple[int, ...] = (), **environ: str) -> Peer:
        if fds:
            others.append(Peer(peer_python, SCRIPT, environ, fds))
            return others[-1]
        key = tuple(sorted(environ.items()))
        if key not in running:
            running[key] = Peer(peer_python, SCRIPT, environ)
        return running[key]

    yield start
    for peer in (*running.values(), *others):
        peer.close()


@pytest.fixture(scope="session")
def run_module(peer_python: Path) -> Iterator[Run]:
    """Starts a module of the real Pyro5 as a program; gives it until the tests end."""
    running: list[subprocess.Popen[str]] = []

    def run(*arguments: str, **environ: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [peer_python, "-m", *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env=clean_environment({**environ, "PYTHONUNBUFFERED": "1"}),
        )
        running.append(process)
        return process

    yield run
    for process in running:
        end(process)


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
