"""Connections from a loop: TCP, Unix sockets, TLS, and why there is none."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from certificates import Certificates
from pyrophone import URI, Settings, expose
from pyrophone.aio import connect
from pyrophone.aio.dialing import dial
from pyrophone.errors import ConnectError
from pyrophone.net.sockets import close_hard
from pyrophone.net.tls import client_context, server_context
from pyrophone.sync import Daemon
from running import running

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@expose
class Echo:
    def echo(self, value: object) -> object:
        return value


async def use(uri: URI, settings: Settings) -> None:
    async with await connect(uri, settings=settings) as proxy:
        assert await proxy.echo("x" * 200_000) == "x" * 200_000


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


def test_a_unix_socket(run: Run, tmp_path: Path) -> None:
    with running(Daemon(unix_socket=str(tmp_path / "socket"))) as daemon:
        run(use(daemon.register(Echo()), Settings()))


def test_ipv6(run: Run) -> None:
    with running(Daemon("::1")) as daemon:
        run(use(daemon.register(Echo()), Settings()))


def test_localhost_may_be_an_address_of_ipv6_only(run: Run) -> None:
    with running(Daemon("::1")) as daemon:
        uri = daemon.register(Echo())
        run(use(URI("PYRO", uri.object, None, "localhost", uri.port), Settings()))


def test_tls(run: Run, files: Certificates) -> None:
    serving = server_context(files.server.certificate, files.server.key)
    calling = client_context(files.authority)
    with running(Daemon(tls=serving)) as daemon:
        uri = daemon.register(Echo())
        run(use(uri, Settings(tls=calling)))
        with pytest.raises(ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            run(use(uri, Settings(tls=client_context())))
    with running(Daemon()) as daemon:
        uri = daemon.register(Echo())
        with pytest.raises(ConnectError, match="does it use TLS"):
            run(use(uri, Settings(tls=calling)))


@pytest.mark.parametrize(
    ("uri", "text"),
    [
        (URI("PYRO", "x", None, "127.0.0.1", 1), "cannot connect to 127.0.0.1:1"),
        (URI("PYRO", "x", None, "localhost", 1), "cannot connect to localhost:1"),
        (URI("PYRO", "x", None, "127.0.0.1", 70000), "port must be 0-65535"),
        (URI("PYRO", "x", "/nowhere/socket"), "cannot connect to ./u:/nowhere/socket"),
        (URI("PYRO", "x", None, "x" * 300, 1), "cannot connect to xxx"),
    ],
)
def test_nobody_is_there(run: Run, uri: URI, text: str) -> None:
    with pytest.raises(ConnectError, match=text):
        run(dial(asyncio.Protocol, uri, Settings()))


def test_connecting_has_a_limit(run: Run, files: Certificates) -> None:
    async def main() -> None:
        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            kept.append(writer)

        kept: list[asyncio.StreamWriter] = []
        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        uri = URI("PYRO", "x", None, *server.sockets[0].getsockname())
        settings = Settings(timeout=0.05, tls=client_context(files.authority))
        with pytest.raises(ConnectError, match=r"it took over 0\.05 s"):
            await dial(asyncio.Protocol, uri, settings)
        for writer in kept:
            writer.close()
        server.close()

    run(main())


def test_a_peer_that_breaks_the_tls_handshake_off(run: Run, files: Certificates) -> None:
    def hang_up(listener: socket.socket) -> None:
        with listener.accept()[0] as sock:
            sock.recv(1)
            close_hard(sock)  # with bytes unread, so that it is a reset

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=hang_up, args=(listener,))
        thread.start()
        uri = URI("PYRO", "x", None, *listener.getsockname())
        with pytest.raises(ConnectError, match="in the TLS handshake"):
            run(dial(asyncio.Protocol, uri, Settings(tls=client_context(files.authority))))
        thread.join()


def test_where_there_are_no_unix_sockets(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        with monkeypatch.context() as other_system:
            other_system.delattr(socket, "AF_UNIX")
            with pytest.raises(ConnectError, match="this system has no Unix sockets"):
                await dial(asyncio.Protocol, URI("PYRO", "x", "/a/socket"), Settings())

    run(main())
