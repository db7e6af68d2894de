"""The server under the gateway: threads, limits, and clients that behave badly."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from pyrophone.http import GatewayServer
from running import LIMIT

Serve = Callable[..., GatewayServer]


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer with the path and the body."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["PATH_INFO"].encode(), b" ", body]


@contextmanager
def serving(
    app: Any, *args: Any, kind: type[GatewayServer] = GatewayServer, **options: Any
) -> Iterator[GatewayServer]:
    """Run a server while the block does."""
    with kind(app, *args, **options) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(LIMIT)
            assert not thread.is_alive()


def get(server: GatewayServer, path: str = "/x", body: bytes | None = None) -> Any:
    """Return status and body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=LIMIT)
    with closing(connection):
        connection.request("GET" if body is None else "POST", path, body)
        response = connection.getresponse()
        return response.status, response.read()


def dialed(server: GatewayServer) -> socket.socket:
    """Return a connection to *server*."""
    return socket.create_connection(("127.0.0.1", server.server_port), LIMIT)


def rest(sock: socket.socket) -> bytes:
    """Return all that comes until the other side closes."""
    data = bytearray()
    while more := sock.recv(1 << 20):
        data += more
    return bytes(data)


def test_requests_reach_the_application() -> None:
    with serving(echo, "localhost", 0) as server:
        assert server.url == f"http://localhost:{server.server_port}/pyro/"
        assert get(server, "/a%20b") == (200, b"/a b ")
        assert get(server, "/a", b"body") == (200, b"/a body")


def test_ipv6_and_all_interfaces() -> None:
    with GatewayServer(echo, "::1", 0) as server:
        assert server.url == f"http://[::1]:{server.server_port}/pyro/"
    with serving(echo, "", 0) as server:
        assert get(server) == (200, b"/x ")


@pytest.mark.parametrize("host", ["nohost.invalid", "192.0.2.1"])
def test_where_one_cannot_listen_is_an_error(host: str) -> None:
    with pytest.raises(OSError, match=r"."):
        GatewayServer(echo, host, 0)
    with GatewayServer(echo, "localhost", 0) as server:
        with pytest.raises(OSError, match="in use"):
            GatewayServer(echo, "localhost", server.server_port)
    with pytest.raises(OverflowError):
        GatewayServer(echo, "localhost", 99999)


def test_silent_clients_hold_up_nobody() -> None:
    with serving(echo, "localhost", 0) as server:
        with dialed(server), dialed(server) as other:
            other.sendall(b"GET / HT")
            assert get(server) == (200, b"/x ")


def test_only_so_many_requests_run_at_a_time() -> None:
    running = threading.Semaphore(0)
    go_on = threading.Event()
    active: list[int] = []

    def slow(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        active.append(1)
        running.release()
        assert go_on.wait(LIMIT)
        start_response("200 OK", [])
        return [b"done"]

    with serving(slow, "localhost", 0, threads=2) as server:
        results: list[Any] = []
        threads = [
            threading.Thread(target=lambda: results.append(get(server))) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        assert running.acquire(timeout=LIMIT)
        assert running.acquire(timeout=LIMIT)
        assert len(active) == 2
        go_on.set()
        for thread in threads:
            thread.join(LIMIT)
        assert results == [(200, b"done")] * 4


@pytest.mark.slow
def test_it_ends_also_while_all_threads_are_busy() -> None:
    taken, go_on = threading.Semaphore(0), threading.Event()

    class Watched(GatewayServer):
        def process_request(self, request: Any, client_address: Any) -> None:
            taken.release()
            super().process_request(request, client_address)

    def slow(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        assert go_on.wait(LIMIT)
        start_response("200 OK", [])
        return []

    with serving(slow, "localhost", 0, threads=1, kind=Watched) as server:
        with dialed(server) as first, dialed(server) as second:
            first.sendall(b"GET / HTTP/1.0\r\n\r\n")
            for _ in range(2):
                assert taken.acquire(timeout=LIMIT)
            server.shutdown()
            assert rest(second) == b""
            go_on.set()
            assert rest(first).startswith(b"HTTP/1.0 200 OK")


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HTTP/1.0\r\nX: ", b"POST / HTTP/1.0\r\nContent-Length: 9\r\n\r\nab"],
)
def test_a_request_must_come_whole_in_time(sent: bytes) -> None:
    log: list[str] = []
    with serving(echo, "localhost", 0, request_timeout=0.05, log=log.append) as server:
        with dialed(server) as sock:
            sock.sendall(sent)
            answer = rest(sock)
    assert answer == b"" or answer.startswith(b"HTTP/1.0 500 ")


@pytest.mark.slow
def test_a_slow_answer_has_all_the_time_it_needs() -> None:
    size = 30_000_000  # more than the system takes in between
    pause = threading.Event()  # which never comes: longer than a request may take

    def slow(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        assert not pause.wait(0.1)
        start_response("200 OK", [])
        return [b"x" * size]

    with serving(slow, "localhost", 0, request_timeout=0.05) as server:
        with dialed(server) as sock:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert not pause.wait(0.3)
            assert len(rest(sock)) > size


def test_a_refused_body_does_not_hide_the_answer() -> None:
    def refuse(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("413 Content Too Large", [])
        return [b"too much"]

    with serving(refuse, "localhost", 0) as server:
        assert get(server, "/x", b"x" * 5_000_000) == (413, b"too much")


def test_nonsense_is_answered_or_dropped(capfd: pytest.CaptureFixture[str]) -> None:
    with serving(echo, "localhost", 0) as server:
        for nonsense, start in (
            (b"\x00" * 50 + b"\r\n\r\n", b""),
            (b"GET\r\n\r\n", b""),
            (b"GET /" + b"x" * 70_000 + b" HTTP/1.0\r\n\r\n", b"HTTP/1.0 414 "),
        ):
            with dialed(server) as sock:
                sock.sendall(nonsense)
                sock.shutdown(socket.SHUT_WR)
                assert rest(sock).startswith(start)
        assert get(server) == (200, b"/x ")
    assert capfd.readouterr().err == ""


def test_clients_that_hang_up_make_no_noise(capfd: pytest.CaptureFixture[str]) -> None:
    gone = threading.Event()

    def large(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        assert gone.wait(LIMIT)
        start_response("200 OK", [])
        return [b"x" * 1_000_000] * 5

    with serving(large, "localhost", 0) as server:
        with dialed(server) as sock:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        gone.set()
        assert get(server)[0] == 200
    assert capfd.readouterr().err == ""


def test_the_log_hides_keys_and_stays_on_one_line() -> None:
    log: list[str] = []
    with serving(echo, "localhost", 0, log=log.append) as server:
        get(server, "/x?$key=secret&a=1&%24KEY=secret")
        with dialed(server) as sock:
            sock.sendall("GET /y\\xé HTTP/1.0\r\n\r\n".encode())
            rest(sock)
    assert [line.partition("] ")[2] for line in log] == [
        '"GET /x?$key=***&a=1&%24KEY=*** HTTP/1.1" 200 3',
        '"GET /y\\\\x\\xc3\\xa9 HTTP/1.0" 200 9',
    ]
