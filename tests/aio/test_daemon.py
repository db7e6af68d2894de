"""Beginning and ending a daemon in a loop."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from certificates import Certificates
from pyrophone import Settings, expose, sync
from pyrophone.aio.daemon import Daemon
from pyrophone.errors import DaemonError
from pyrophone.naming import NameService
from pyrophone.net.tls import server_context
from running import LIMIT, running, threads
from talking import talking

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@expose
class Thing:
    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.began = asyncio.Event()
        self.events: list[str] = []

    def echo(self, value: Any) -> Any:
        return value

    async def wait(self) -> str:
        self.began.set()
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.events.append("cancelled")
            raise
        return "waited"


def test_a_block_serves_and_leaves_nothing(run: Run) -> None:
    async def main() -> None:
        before = asyncio.all_tasks()
        async with Daemon() as daemon:
            uri = await daemon.register(Thing(), "thing")
            assert str(uri) == f"PYRO:thing@{daemon.location}"
            assert daemon.location in repr(daemon)
            async with talking(uri) as talker:
                assert await talker.ask("echo", 1) == 1
                assert len(daemon.clients) == daemon.workers == 1
        assert asyncio.all_tasks() == before
        assert "closed" in repr(daemon)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", uri.port or 0))

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        run(main())
        gc.collect()
    assert said == []
    assert threads() == set()


def test_serving_waits_until_it_is_stopped(run: Run) -> None:
    async def main() -> None:
        daemon = Daemon()
        thing = Thing()
        uri = await daemon.register(thing)  # before anything is served
        serving = asyncio.create_task(daemon.serve())
        async with talking(uri) as talker:
            assert await talker.ask("echo", 1) == 1
            await daemon.stop()
            assert await talker.hear() is None
        await serving
        await daemon.stop()
        await daemon.close()

    run(main())


def test_a_daemon_that_never_served_can_be_closed(run: Run) -> None:
    async def main() -> None:
        daemon = Daemon()
        await daemon.close()
        await daemon.serve()

    run(main())


def test_a_cancelled_serve_ends_the_daemon(run: Run) -> None:
    async def main() -> None:
        daemon = Daemon()
        thing = Thing()
        uri = await daemon.register(thing)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await daemon.serve()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", uri.port or 0))

    run(main())


def test_in_a_task_group_an_error_elsewhere_ends_it(run: Run) -> None:
    async def main() -> None:
        thing = Thing()
        daemon = Daemon()
        uri = await daemon.register(thing)

        async def fail() -> None:
            async with talking(uri) as talker:
                talker.say("wait")
                await thing.began.wait()
                raise LookupError("on purpose")

        async def both() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(daemon.serve())
                group.create_task(fail())

        with pytest.raises(ExceptionGroup) as caught:
            await both()
        assert caught.group_contains(LookupError)
        assert thing.events == ["cancelled"]

    run(main())
    assert threads() == set()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no Unix sockets")
def test_it_serves_at_a_unix_socket(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        name = str(tmp_path / "daemon.sock")
        async with Daemon(unix_socket=name) as daemon:
            uri = await daemon.register(Thing())
            assert uri.socket_name == name
            async with talking(uri) as talker:
                assert await talker.ask("echo", 1) == 1
        assert not os.path.exists(name)

    run(main())


def test_it_serves_a_connected_socket_and_leaves_it_open(run: Run) -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        theirs.settimeout(3.5)
        async with Daemon(sock=theirs) as daemon:
            await daemon.register(Thing(), "thing")
            assert await asyncio.to_thread(use, ours) == 1
        assert theirs.gettimeout() == 3.5
        theirs.sendall(b"still open")
        assert ours.recv(100) == b"still open"
        ours.close()
        theirs.close()

    def use(sock: socket.socket) -> Any:
        with sync.connect("thing", sock=sock) as thing:
            return thing.echo(1)

    run(main())


def test_serving_a_connected_socket_ends_with_its_client(run: Run) -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        serving = asyncio.create_task(Daemon(sock=theirs).serve())
        await asyncio.sleep(0)
        ours.close()
        await serving
        theirs.close()

    run(main())


def test_housekeeping_is_done_while_it_serves(run: Run) -> None:
    async def serve(kind: type[Daemon]) -> None:
        async with kind(settings=Settings(handshake_timeout=0.01)):
            while not done.is_set():
                await asyncio.sleep(0)

    class Plain(Daemon):
        def housekeeping(self) -> None:
            places.append(threading.current_thread().name[:9])
            done.set()
            raise LookupError("is logged, no more")

    class Later(Daemon):
        async def housekeeping(self) -> None:  # type: ignore[override]
            await asyncio.sleep(0)
            places.append("loop")
            done.set()

    places: list[str] = []
    for kind in (Plain, Later):
        done = threading.Event()
        run(serve(kind))
    assert set(places) == {"pyrophone", "loop"}


def test_names_are_registered_and_withdrawn(run: Run) -> None:
    async def main(names: NameService) -> None:
        port = names.uri.port
        settings = Settings(name_port=port or 0, broadcast_addresses=())
        async with Daemon(settings=settings) as daemon:
            await daemon.register(Thing(), name="lab.thing")
            assert await asyncio.to_thread(listed, names) == ["lab.thing"]
        assert await asyncio.to_thread(listed, names) == []

    def listed(names: NameService) -> list[str]:
        with sync.connect(names.uri) as server:
            return sorted(server.list(prefix="lab."))

    with running(NameService(port=0, broadcast=False)) as names:
        run(main(names))


def test_it_refuses_what_it_cannot_do(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(DaemonError, match="unheard"):
            Daemon(dialects=["unheard"])
        async with Daemon() as daemon:
            thing = Thing()
            await daemon.register(thing)
            with pytest.raises(DaemonError, match="already"):
                await daemon.register(thing)
            assert daemon.uri_of(thing) == daemon.uri_of(thing)
            daemon.unregister(thing)
            with pytest.raises(DaemonError):
                daemon.uri_of(thing)

    run(main())


CTRL_C = """
import asyncio, sys
from pyrophone import expose
from pyrophone.aio import Daemon

@expose
class Thing:
    async def wait(self):
        await asyncio.Event().wait()
    def plain(self):
        pass

async def main():
    async with Daemon() as daemon:
        print(await daemon.register(Thing(), "thing"), flush=True)
        await daemon.serve()

asyncio.run(main(), debug=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_ctrl_c_ends_a_program_clean() -> None:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", CTRL_C],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        uri = process.stdout.readline().strip()
        thing = sync.connect(uri, settings=Settings(timeout=LIMIT))
        thing.plain()
        waiting = threading.Thread(target=wait, args=(thing,))
        waiting.start()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=LIMIT)
        waiting.join(LIMIT)
        sync.close(thing)
    assert process.returncode in (1, -signal.SIGINT, 130)
    last = errors.strip().splitlines()[-1]
    assert last == "KeyboardInterrupt"
    for word in ("destroyed", "unclosed", "never", "Warning"):
        assert word not in errors


FORGETFUL = """
import asyncio, threading
from pyrophone import expose
from pyrophone.aio import Daemon, connect

@expose
class Thing:
    def plain(self):
        return 1

async def main():
    daemon = Daemon()
    await daemon.__aenter__()
    thing = await connect(await daemon.register(Thing()))
    print(await thing.plain())

asyncio.run(main(), debug=True)
print([thread.name for thread in threading.enumerate()])
"""


@pytest.mark.slow
def test_a_program_that_forgets_its_daemon_ends_clean() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", FORGETFUL],
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert done.stderr == ""
    assert done.stdout == "1\n['MainThread']\n"


def wait(thing: Any) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011
        thing.wait()


def test_other_settings_count_for_those_who_are_connected(run: Run) -> None:
    async def main() -> None:
        async with Daemon() as daemon:
            uri = await daemon.register(Thing())
            async with talking(uri) as talker:
                assert await talker.ask("echo", "x" * 5000) == "x" * 5000
                daemon.reconfigure(Settings(max_message_size=1000))
                assert await talker.ask("echo", "x") == "x"
                talker.say("echo", "x" * 5000)
                assert await talker.hear() is None

    run(main())


def test_a_socket_that_has_tls_already_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        files = Certificates(tmp_path)
        context = server_context(files.server.certificate, files.server.key)
        ours, theirs = socket.socketpair()
        with (
            ours,
            context.wrap_socket(
                theirs, server_side=True, do_handshake_on_connect=False
            ) as secure,
        ):
            with pytest.raises(OSError, match="has TLS already"):
                Daemon(sock=secure)

    asyncio.run(main())


def test_a_look_around_is_not_begun_while_the_last_one_lasts(run: Run) -> None:
    class Careful(Daemon):
        looks = 0
        rounds = 0

        async def housekeeping(self) -> None:  # type: ignore[override]
            self.looks += 1
            while self.rounds < 3:
                await asyncio.sleep(0)

        def _look_after(self) -> None:
            self.rounds += 1
            super()._look_after()

    async def main() -> None:
        async with Careful(settings=Settings(handshake_timeout=0.01)) as daemon:
            while daemon.rounds < 3:
                assert daemon.looks <= 1
                await asyncio.sleep(0)
            while daemon.looks < 2:
                await asyncio.sleep(0)

    run(main())


def test_a_daemon_that_was_forgotten_is_closed_with_its_loop(run: Run) -> None:
    kept: list[Daemon] = []

    async def main() -> None:
        kept.append(await Daemon().__aenter__())

    run(main())
    assert "closed" in repr(kept[0])
