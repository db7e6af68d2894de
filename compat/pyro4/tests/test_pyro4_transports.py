"""The transports by themselves, with whatever answers for a daemon."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import Pyro4
from Pyro4 import errors
from Pyro4.configuration import config
from Pyro4.socketserver import threadpool
from Pyro4.socketserver.existingconnectionserver import SocketServer_ExistingConnection
from Pyro4.socketserver.multiplexserver import SocketServer_Multiplex
from Pyro4.socketserver.threadpoolserver import SocketServer_Threadpool

LIMIT = 10.0


class Echo:
    """Stands in for a daemon: greets with one byte, and sends back what comes."""

    def __init__(self) -> None:
        self.left = threading.Semaphore(0)
        self.kept = threading.Event()

    def _handshake(self, conn: Any, denied_reason: Any = None) -> bool:
        conn.send(b"N" if denied_reason else b"Y")
        return not denied_reason

    def handleRequest(self, conn: Any) -> None:
        data = conn.recv(5)
        if data == b"leave":
            raise SystemExit(3)
        conn.send(data)

    def _clientDisconnect(self, conn: Any) -> None:
        self.left.release()

    def _housekeeping(self) -> None:
        self.kept.set()


@pytest.fixture(params=[SocketServer_Threadpool, SocketServer_Multiplex])
def transport(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A transport that is served."""
    config.POLLTIMEOUT = 0.05
    server = request.param()
    server.init(Echo(), "localhost", 0)
    thread = threading.Thread(target=server.loop)
    thread.start()
    yield server
    server.shutdown()
    thread.join(LIMIT)
    assert not thread.is_alive()
    assert server.sock is None


def client_of(server: Any) -> socket.socket:
    """Return a new connection to it."""
    return socket.create_connection(server.sock.getsockname(), LIMIT)


def test_requests_are_answered_until_one_wants_to_exit(transport: Any) -> None:
    number = transport.sock.getsockname()[1]
    assert transport.locationStr == f"localhost:{number}"
    with client_of(transport) as first, client_of(transport) as second:
        for client in (first, second):
            assert client.recv(1) == b"Y"
            client.sendall(b"hello")
            assert client.recv(5, socket.MSG_WAITALL) == b"hello"
        first.sendall(b"leave")
        assert first.recv(1) == b""
        second.sendall(b"again")
        assert second.recv(5, socket.MSG_WAITALL) == b"again"
    for _ in range(2):
        assert transport.daemon.left.acquire(timeout=LIMIT)
    assert transport.daemon.kept.wait(LIMIT)


def test_texts(transport: Any) -> None:
    kind = type(transport).__name__
    state = r"\d workers" if kind.endswith("Threadpool") else r"\d connections"
    assert re.fullmatch(rf"<{kind} on localhost:\d+; {state}>", repr(transport))


@pytest.mark.parametrize("kind", ["thread", "multiplex"])
def test_a_daemon_has_the_one_of_its_type(kind: str) -> None:
    config.SERVERTYPE = kind
    expected = {"thread": SocketServer_Threadpool, "multiplex": SocketServer_Multiplex}
    with Pyro4.Daemon() as daemon:
        transport = daemon.transportServer
        assert isinstance(transport, expected[kind])
        assert (type(transport).__name__, type(transport).__module__) == (
            expected[kind].__name__,
            expected[kind].__module__,
        )
        if kind == "thread":
            with pytest.raises(TypeError):
                daemon.selector  # noqa: B018
            with pytest.raises(TypeError), Pyro4.Daemon() as other:
                daemon.combine(other)


def test_a_request_by_hand_tells_whether_there_may_be_more() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        server = SocketServer_ExistingConnection()
        server.init(Echo(), ours)
        theirs.sendall(b"hello")
        assert server.handleRequest()
        assert theirs.recv(5, socket.MSG_WAITALL) == b"hello"
        theirs.sendall(b"leave")
        assert not server.handleRequest()
        with pytest.raises(errors.PyroError):
            server.events([ours])
        multiplex = SocketServer_Multiplex()
        multiplex.daemon = Echo()
        theirs.sendall(b"hello")
        assert multiplex.handleRequest(Pyro4.socketutil.SocketConnection(ours))
        multiplex.close()


def test_a_pool_has_its_limits() -> None:
    config.THREADPOOL_SIZE_MIN, config.THREADPOOL_SIZE = 1, 2
    started, go_on = threading.Semaphore(0), threading.Event()

    def job() -> None:
        started.release()
        go_on.wait(LIMIT)

    with threadpool.Pool() as pool:
        (worker,) = pool.idle
        assert isinstance(worker, threadpool.Worker)
        assert re.fullmatch(r"Pyro-Worker-\d+", worker.name)
        assert worker.daemon
        pool.process(job)
        pool.process(job)
        with pytest.raises(threadpool.NoFreeWorkersError, match="no free workers"):
            pool.process(job)
        for _ in range(2):
            assert started.acquire(timeout=LIMIT)
        assert (pool.num_workers(), len(pool.busy)) == (2, 2)
        go_on.set()
    with pytest.raises(threadpool.PoolError):
        pool.process(job)
    homes = {one.__module__ for one in (threadpool.Pool, threadpool.PoolError)}
    assert homes == {"Pyro4.socketserver.threadpool"}


def test_sizes_that_make_no_sense_are_refused() -> None:
    for least, most in [(0, 2), (3, 2), (1, 0)]:
        config.THREADPOOL_SIZE_MIN, config.THREADPOOL_SIZE = least, most
        with pytest.raises(ValueError, match="threadpool size"):
            threadpool.Pool()
