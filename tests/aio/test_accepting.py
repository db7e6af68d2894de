"""Who may connect, and what strangers may cost."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from certificates import Certificates
from pyrophone import Settings, expose
from pyrophone.aio import Daemon, connect
from pyrophone.errors import ConnectError
from pyrophone.net.tls import client_context, server_context
from running import LIMIT
from talking import talking

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@expose
class Thing:
    def echo(self, value: Any) -> Any:
        return value


@pytest.mark.parametrize("later", [False, True])
def test_an_address_may_be_refused_before_a_byte_is_read(run: Run, later: bool) -> None:
    asked: list[Any] = []

    class Closed(Daemon):
        def accepts(self, address: Any) -> Any:
            asked.append(address[0])
            return self.accepts_later() if later else False

        async def accepts_later(self) -> bool:
            await asyncio.sleep(0)
            return False

    class Failing(Daemon):
        def accepts(self, address: Any) -> bool:
            raise LookupError("no list")

    async def main() -> None:
        for kind in (Closed, Failing):
            async with kind() as daemon:
                uri = await daemon.register(Thing())
                reader, writer = await asyncio.open_connection("127.0.0.1", uri.port)
                assert await reader.read() == b""
                writer.close()
                assert daemon.clients == []

    run(main())
    assert asked == ["127.0.0.1"]


def test_too_many_strangers_push_out_the_oldest_and_no_client(run: Run) -> None:
    async def main() -> None:
        async with Daemon(settings=Settings(strangers=2)) as daemon:
            uri = await daemon.register(Thing())
            async with talking(uri) as talker:
                others = [
                    await asyncio.open_connection("127.0.0.1", uri.port) for _ in range(3)
                ]
                assert await others[0][0].read() == b""
                assert await talker.ask("echo", 1) == 1
                assert len(daemon.clients) == 3
                for _, writer in others:
                    writer.close()

    run(main())


@pytest.mark.slow
def test_without_descriptors_it_waits_and_goes_on(
    run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        accept = socket.socket.accept
        failures = [errno.EMFILE, errno.ENFILE, errno.ECONNABORTED]

        def failing(listener: socket.socket) -> Any:
            if failures:
                raise OSError(failures.pop(0), "on purpose")
            return accept(listener)

        monkeypatch.setattr(socket.socket, "accept", failing)
        async with Daemon() as daemon:
            uri = await daemon.register(Thing())
            async with talking(uri) as talker:
                assert await talker.ask("echo", 1) == 1
        assert failures == []

    run(main())
    assert "no new clients for now" in caplog.text


def test_by_ipv6_too(run: Run) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6")

    async def main() -> None:
        async with Daemon("::1") as daemon:
            uri = await daemon.register(Thing())
            reader, writer = await asyncio.open_connection("::1", uri.port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n" + bytes(100))
            assert b"PYRO" in await reader.read()
            writer.close()

    run(main())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


def test_tls_both_ways(run: Run, files: Certificates) -> None:
    seen: list[Any] = []

    class Judging(Daemon):
        def greets(self, client: Any, handshake: Any) -> Any:
            seen.append(dict(client.connection.peer_certificate()["subject"][0]))
            return "hello"

    async def main() -> None:
        server, client = files.server, files.client
        tls = server_context(server.certificate, server.key, clients=files.authority)
        async with Judging(tls=tls) as daemon:
            uri = await daemon.register(Thing())
            context = client_context(
                files.authority, certificate=client.certificate, key=client.key
            )
            how = Settings(tls=context, timeout=LIMIT)
            async with await connect(uri, settings=how) as thing:
                assert await thing.echo("x" * 1_000_000) == "x" * 1_000_000
            stranger = Settings(tls=client_context(files.authority), timeout=LIMIT)
            with pytest.raises(ConnectError):
                await connect(uri, settings=stranger)
            with pytest.raises(ConnectError):
                await connect(uri, settings=Settings(timeout=LIMIT))
            while daemon.clients:
                await asyncio.sleep(0)

    run(main())
    assert len(seen) == 1


@pytest.mark.slow
def test_a_tls_handshake_must_be_done_in_time(run: Run, files: Certificates) -> None:
    async def main() -> None:
        tls = server_context(files.server.certificate, files.server.key)
        async with Daemon(tls=tls, settings=Settings(handshake_timeout=0.05)) as daemon:
            uri = await daemon.register(Thing())
            reader, writer = await asyncio.open_connection("127.0.0.1", uri.port)
            assert await reader.read() == b""
            writer.close()
            while daemon.clients:
                await asyncio.sleep(0)

    run(main())


def test_who_has_no_tls_yet_can_be_sent_away(run: Run, files: Certificates) -> None:
    serving = server_context(files.server.certificate, files.server.key)
    context = client_context(files.authority)

    async def main() -> None:
        async with Daemon(tls=serving) as daemon:
            uri = await daemon.register(Thing())
            sock = socket.create_connection(("127.0.0.1", uri.port or 0))
            while not daemon.clients:
                await asyncio.sleep(0)
            (link,) = [client.connection for client in daemon.clients]
            link.close()
            link.abort()
            assert daemon.clients == []
            reader, writer = await asyncio.open_connection(
                sock=sock, ssl=context, server_hostname="localhost"
            )
            assert await reader.read() == b""  # the handshake was under way already
            writer.close()
            async with await connect(uri, settings=Settings(tls=context)) as proxy:
                assert await proxy.echo(1) == 1

    run(main())


def test_calls_on_behalf_of_those_of_other_daemons_find_a_thread(run: Run) -> None:
    @expose
    class Front:
        def __init__(self, behind: Any) -> None:
            self.behind = behind

        async def echo(self, value: Any) -> Any:
            async with await connect(self.behind) as thing:
                return await thing.echo(value)

    async def main() -> None:
        async with Daemon() as one, Daemon(settings=Settings(workers=1)) as other:
            uri = await one.register(Front(await other.register(Thing())))
            async with await connect(uri) as proxy:
                assert await proxy.echo("through") == "through"

    run(main())
