"""Processes of the real Pyro5, and the combinations that are tested with them."""

from __future__ import annotations

import ast
import dataclasses
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from pyrophone import Settings
from pyrophone.sync import Proxy, connect

HERE = Path(__file__).parent
PEER_PYTHON = HERE.parents[1] / ".peers" / "pyro5" / "bin" / "python"

SERIALIZERS = ("serpent", "json", "marshal", "msgpack")


@dataclasses.dataclass(frozen=True)
class Failure:
    """An exception as the real Pyro5 raised it."""

    name: str  # of its class, with the module
    args: Any
    text: str
    traceback: str  # the remote one, "" if there is none


class PeerError(AssertionError):
    """The real Pyro5 raised something where it should not have."""


class Peer:
    """A process of the real Pyro5; see ``real_pyro5.py`` for what it understands."""

    def __init__(self, environ: dict[str, str], fds: tuple[int, ...] = ()) -> None:
        self._process = subprocess.Popen(
            [PEER_PYTHON, HERE / "real_pyro5.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=clean_environment(environ),
            pass_fds=fds,
        )

    def value(self, expression: str) -> Any:
        """Return what *expression* is over there: a literal, or else its ``repr()``."""
        text = self._ask({"value": expression})
        try:
            return ast.literal_eval(text)
        except (SyntaxError, ValueError):
            return text

    def run(self, statements: str) -> None:
        """Run *statements* over there."""
        self._ask({"run": statements})

    def failure(self, expression: str) -> Failure:
        """Return what *expression* raises over there."""
        answer = self._exchange({"value": expression})
        assert "error" in answer, f"{expression} gave {answer['value']}"
        error = answer["error"]
        try:
            args = ast.literal_eval(error["args"])
        except (SyntaxError, ValueError):
            args = error["args"]
        return Failure(error["class"], args, error["text"], error["traceback"])

    def forget(self) -> None:
        """Drop everything that was made over there."""
        self._ask({"forget": True})

    def close(self) -> None:
        """End the process."""
        end(self._process)

    def _ask(self, order: dict[str, Any]) -> str:
        answer = self._exchange(order)
        if "error" in answer:
            error = answer["error"]
            raise PeerError(f"{error['class']}: {error['text']}\n{error['traceback']}")
        return str(answer["value"])

    def _exchange(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise PeerError(f"the peer ended with status {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


Start: TypeAlias = Callable[..., Peer]
Run: TypeAlias = Callable[..., "subprocess.Popen[str]"]


def clean_environment(more: dict[str, str]) -> dict[str, str]:
    """Return our environment without settings of either library, and *more*."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYRO")}
    return {**own, **more}


def end(process: subprocess.Popen[str]) -> None:
    """End a process that ends with its stdin, or has to be terminated."""
    if process.stdin is not None:
        process.stdin.close()
    else:
        process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


@pytest.fixture(scope="session")
def peer_python() -> Path:
    """The Python of the environment that has the real Pyro5."""
    if not PEER_PYTHON.exists():
        reason = f"no real Pyro5 at {PEER_PYTHON}: run 'make peers'"
        if os.environ.get("REQUIRE_PEERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return PEER_PYTHON


@pytest.fixture(scope="session")
def start_peer(peer_python: Path) -> Iterator[Start]:
    """Starts processes of the real Pyro5; equal ones only once, if they get no *fds*."""
    running: dict[tuple[Any, ...], Peer] = {}
    others: list[Peer] = []

    def start(*, fds: tuple[int, ...] = (), **environ: str) -> Peer:
        if fds:
            others.append(Peer(environ, fds))
            return others[-1]
        key = tuple(sorted(environ.items()))
        if key not in running:
            running[key] = Peer(environ)
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
