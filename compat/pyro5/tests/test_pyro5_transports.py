"""The transports by themselves, with whatever answers for a daemon."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import Pyro5.api
from Pyro5 import errors, pools
from Pyro5.svr_existingconn import SocketServer_ExistingConnection
from Pyro5.svr_multiplex import SocketServer_Multiplex
from Pyro5.svr_threads import (
    NoFreeWorkersError,
    Pool,
    PoolError,
    SocketServer_Threadpool,
    Worker,
)

LIMIT = 10.0


class Echo:
    """Stands in for a daemon: greets with one byte, and sends back what comes."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.denied: list[Any] = []
        self.left = threading.Event()

    def _handshake(self, conn: Any, denied_reason: Any = None) -> bool:
        if denied_reason:
            self.denied.append(denied_reason)
            conn.send(b"N")
            return False
        conn.send(b"Y")
        return True

    def handleRequest(self, conn: Any) -> None:
        data = conn.recv(5)
        if data == b"crash":
            raise ZeroDivisionError("on purpose")
        conn.send(data)

    def _clientDisconnect(self, conn: Any) -> None:
        self.left.set()

    def _housekeeping(self) -> None:
        self.seen.append("housekeeping")


@pytest.fixture(params=[SocketServer_Threadpool, SocketServer_Multiplex])
def transport(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A transport that listens."""
    Pyro5.config.POLLTIMEOUT = 0.05
    server = request.param()
    server.init(Echo(), "localhost", 0)
    yield server
    server.close()
    server.close()
    assert server.sock is None


def client_of(server: Any) -> socket.socket:
    """Return a new connection to it."""
    return socket.create_connection(server.sock.getsockname(), LIMIT)


def in_thread(function: Callable[[], Any]) -> threading.Thread:
    """Run it in a thread."""
    thread = threading.Thread(target=function)
    thread.start()
    return thread


@pytest.mark.parametrize("how", ["shutdown", "close"])
def test_a_request_to_end_is_answered(transport: Any, how: str) -> None:
    class Ending(Echo):
        def handleRequest(self, conn: Any) -> None:
            data = conn.recv(5)  # else the end may come before the request
            getattr(transport, how)()
            conn.send(data)

    daemon = transport.daemon = Ending()
    thread = in_thread(transport.loop)
    with client_of(transport) as client:
        client.sendall(b"hello")
        assert client.recv(1) == b"Y"
        assert client.recv(5, socket.MSG_WAITALL) == b"hello"
        assert client.recv(1) == b""
        assert daemon.left.wait(LIMIT)
    thread.join(LIMIT)
    assert not thread.is_alive()


def test_a_loop_serves_until_it_is_shut_down(
    transport: Any, caplog: pytest.LogCaptureFixture
) -> None:
    number = transport.sock.getsockname()[1]
    assert transport.locationStr == f"localhost:{number}"
    assert transport.sock in transport.sockets
    loop = in_thread(transport.loop)
    with client_of(transport) as client:
        assert client.recv(1) == b"Y"
        for text in (b"first", b"other"):
            client.sendall(text)
            assert client.recv(5) == text
        client.sendall(b"crash")
        assert client.recv(5) == b""
    assert transport.daemon.left.wait(LIMIT)
    assert "error during handleRequest: on purpose; Traceback" in caplog.text
    transport.daemon.left.clear()
    with client_of(transport) as client:
        assert client.recv(1) == b"Y"
        transport.shutdown()
        loop.join(LIMIT)
        assert client.recv(1) == b""  # connections end with their server
    assert transport.daemon.left.wait(LIMIT)
    assert not loop.is_alive()


def test_a_loop_is_ended_at_once_however_long_it_would_wait(transport: Any) -> None:
    Pyro5.config.POLLTIMEOUT = 2 * LIMIT
    asked = threading.Event()

    def condition() -> bool:
        asked.set()
        return True

    loop = in_thread(lambda: transport.loop(condition))
    assert asked.wait(LIMIT)
    transport.shutdown()
    loop.join(LIMIT)
    assert not loop.is_alive()


def test_a_loop_of_ones_own_gives_it_the_sockets(transport: Any) -> None:
    with client_of(transport) as client:
        transport.events([transport.sock])
        assert client.recv(1) == b"Y"
        client.sendall(b"hello")
        transport.events(transport.sockets)
        assert client.recv(5) == b"hello"


def test_a_condition_ends_the_loop(transport: Any) -> None:
    answers = iter([True, False])
    transport.loop(lambda: next(answers))
    assert next(answers, None) is None


def test_texts(transport: Any) -> None:
    name = type(transport).__name__
    rest = "4 workers" if name.endswith("pool") else "0 connections"
    assert repr(transport) == f"<{name} on {transport.locationStr}; {rest}>"
    transport.close()
    assert not transport.daemon.left.is_set()  # there was no client


def test_a_socket_file_goes_with_its_server(tmp_path: Path) -> None:
    file = tmp_path / "sock"
    server = SocketServer_Multiplex()
    server.init(Echo(), "", 0, str(file))
    assert server.locationStr == f"./u:{file}"
    assert file.is_socket()
    server.shutdown()
    assert not file.exists()


def test_housekeeping_is_done_while_nothing_happens(transport: Any) -> None:
    seen = transport.daemon.seen
    in_time = iter(range(1000))
    if isinstance(transport, SocketServer_Threadpool):
        assert transport.housekeeper is not None
        assert transport.housekeeper.waittime == 0.05
    transport.loop(lambda: not seen and next(in_time) < 999)
    assert seen


def test_only_multiplex_servers_can_be_combined() -> None:
    one, two = SocketServer_Multiplex(), SocketServer_Multiplex()
    one.init(Echo(), "localhost", 0)
    two.init(Echo(), "localhost", 0)
    one.combine_loop(two)
    assert one.selector is two.selector
    assert one.sockets == [one.sock, two.sock]
    loop = in_thread(one.loop)
    with client_of(two) as client:
        assert client.recv(1) == b"Y"
        client.sendall(b"hello")
        assert client.recv(5) == b"hello"
    two.close()
    with client_of(one) as client:  # which goes on
        assert client.recv(1) == b"Y"
    one.shutdown()
    loop.join(LIMIT)
    assert not loop.is_alive()
    threads = SocketServer_Threadpool()
    with pytest.raises(TypeError, match="loop combiner"):
        threads.combine_loop(one)
    with pytest.raises(TypeError, match="multiplexing selector"):
        threads.selector  # noqa: B018


def test_a_connected_socket_is_served_and_left_open() -> None:
    Pyro5.config.POLLTIMEOUT = 0.05
    here, there = socket.socketpair()
    server = SocketServer_ExistingConnection()
    server.init(Echo(), here)
    assert repr(server) == "<SocketServer_ExistingConnection on ./u:<<not-bound>>>"
    assert (server.sock, server.sockets) == (here, [here])
    with here, there:
        loop = in_thread(server.loop)
        there.settimeout(LIMIT)
        there.sendall(b"hello")
        assert there.recv(5) == b"hello"
        there.shutdown(socket.SHUT_WR)
        loop.join(LIMIT)
        assert not loop.is_alive()
        assert server.daemon.left.is_set()
        server.close()
        assert here.fileno() > 0
    for use in (lambda: server.events([]), lambda: server.combine_loop(server)):
        with pytest.raises(errors.PyroError, match="user-supplied connected socket"):
            use()  # type: ignore[no-untyped-call]
    with pytest.raises(TypeError, match="single-connection"):
        server.selector  # noqa: B018
    Pyro5.config.SSL = True
    with pytest.raises(OSError, match="ssl socket"):
        server.init(Echo(), there)


class Gate:
    """A job that is done when it may be."""

    def __init__(self) -> None:
        self.running = threading.Semaphore(0)
        self.opened = threading.Event()

    def __call__(self) -> None:
        self.running.release()
        assert self.opened.wait(LIMIT)


def test_a_pool_grows_to_its_size_and_shrinks_to_its_least() -> None:
    Pyro5.config.THREADPOOL_SIZE_MIN, Pyro5.config.THREADPOOL_SIZE = 2, 5
    gate = Gate()
    done = threading.Semaphore(0)

    class Counting(Pool):
        def notify_done(self, worker: Worker) -> None:
            super().notify_done(worker)
            done.release()

    pool = Counting()
    assert re.fullmatch(
        r"<.*Counting at 0x\w+; 0 busy workers; 2 idle workers>", repr(pool)
    )
    for _ in range(5):
        pool.process(gate)
    assert (len(pool.busy), len(pool.idle), pool.num_workers()) == (5, 0, 5)
    with pytest.raises(NoFreeWorkersError, match="no free workers"):
        pool.process(gate)
    gate.opened.set()
    for _ in range(5):
        assert done.acquire(timeout=LIMIT)
    assert (len(pool.busy), len(pool.idle)) == (0, 2)
    workers = list(pool.idle)
    assert all(re.fullmatch(r"Pyro-Worker-\d+", worker.name) for worker in workers)
    pool.close()
    pool.close()
    assert (pool.busy, pool.idle) == (set(), set())
    for worker in workers:
        worker.join(LIMIT)
        assert not worker.is_alive()
    with pytest.raises(PoolError, match="closed"):
        pool.process(gate)


def test_a_job_that_fails_costs_no_worker(caplog: pytest.LogCaptureFixture) -> None:
    Pyro5.config.THREADPOOL_SIZE_MIN = Pyro5.config.THREADPOOL_SIZE = 1
    done = threading.Semaphore(0)

    class Counting(Pool):
        def notify_done(self, worker: Worker) -> None:
            super().notify_done(worker)
            done.release()

    def leave() -> None:
        raise SystemExit(3)

    with Counting() as pool:
        for _ in range(3):
            pool.process(leave)
            assert done.acquire(timeout=LIMIT)
    assert "SystemExit: 3" in caplog.text


def test_sizes_that_make_no_sense_are_refused() -> None:
    for low, high in ((0, 1), (3, 2)):
        Pyro5.config.THREADPOOL_SIZE_MIN, Pyro5.config.THREADPOOL_SIZE = low, high
        with pytest.raises(ValueError, match="threadpool size"):
            Pool()
        with pytest.raises(ValueError, match="threadpool size"):
            SocketServer_Threadpool().init(Echo(), "localhost", 0)


def test_a_full_pool_refuses_clients_even_those_that_say_nothing() -> None:
    Pyro5.config.THREADPOOL_SIZE_MIN = Pyro5.config.THREADPOOL_SIZE = 1
    Pyro5.config.POLLTIMEOUT = 0.05
    silent = threading.Event()

    class Reading(Echo):
        def _handshake(self, conn: Any, denied_reason: Any = None) -> bool:
            if denied_reason:
                silent.set()
                conn.recv(1)
            return super()._handshake(conn, denied_reason)

    server = SocketServer_Threadpool()
    server.init(Reading(), "localhost", 0)
    with client_of(server) as first:
        server.events([server.sock])
        assert first.recv(1) == b"Y"
        with client_of(server) as second, client_of(server) as third:
            server.events([server.sock])
            assert silent.wait(LIMIT)
            third.sendall(b"?")
            server.events([server.sock])
            assert third.recv(1) == b"N"
            assert server.daemon.denied == [pools.FULL]
            second.sendall(b"?")
            assert second.recv(1) == b"N"
    server.close()


def test_a_handshake_that_crashes_leaves_the_worker_idle(transport: Any) -> None:
    def crash(conn: Any, denied_reason: Any = None) -> bool:
        raise ZeroDivisionError

    transport.daemon._handshake = crash
    with client_of(transport) as client:
        transport.events([transport.sock])
        assert client.recv(1) == b""
    del transport.daemon._handshake
    with client_of(transport) as client:
        transport.events([transport.sock])
        assert client.recv(1) == b"Y"
