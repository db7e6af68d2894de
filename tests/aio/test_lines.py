"""Which connections a proxy uses: of daemons that carry one call on each."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pyrophone import URI, Settings, expose, instances
from pyrophone.aio import Proxy, close, connect, start
from pyrophone.errors import ConnectionLostError
from pyrophone.serializers.classes import ClassTable
from pyrophone.sync import Daemon
from pyrophone.wire.features import FEATURES
from running import running
from scripts import MEMBERS, Peer, scripted

Run = Callable[[Coroutine[Any, Any, Any]], Any]


class Hall:
    """Counts the clients of a daemon that knows no features, and answers on demand."""

    def __init__(self) -> None:
        self.clients = 0
        self.calls = 0
        self.called = asyncio.Event()
        self.release = asyncio.Event()

    async def script(self, peer: Peer) -> None:
        self.clients += 1
        await peer.welcome()
        while True:
            try:
                call = await peer.call()
            except EOFError:
                return
            if call.method != "f":
                peer.send(peer.session.result(call, ""))
                continue
            self.calls += 1
            self.called.set()
            await self.release.wait()
            peer.send(peer.session.result(call, call.args[0]))

    async def reached(self, calls: int) -> None:
        while self.calls < calls:
            self.called.clear()
            await self.called.wait()


def test_callers_take_turns_on_few_connections(run: Run) -> None:
    async def main() -> None:
        hall = Hall()
        async with scripted(hall.script) as uri:
            proxy = await connect(uri, settings=Settings(connections=3))
            assert hall.clients == 1
            calls = [start(proxy.f, number) for number in range(10)]
            await hall.reached(3)
            calls[9].cancel()
            calls[0].cancel()
            await hall.reached(4)
            assert hall.clients <= 4
            hall.release.set()
            assert await asyncio.gather(*calls[1:9]) == list(range(1, 9))
            for call in (calls[0], calls[9]):
                with pytest.raises(asyncio.CancelledError):
                    await call
            await close(proxy)

    run(main())


def test_one_caller_needs_one_connection(run: Run) -> None:
    async def main() -> None:
        hall = Hall()
        hall.release.set()
        async with scripted(hall.script) as uri:
            proxy = await connect(uri)
            for number in range(5):
                assert await proxy.f(number) == number
            assert hall.clients == 1
            await close(proxy)
            assert await proxy.f(5) == 5
            assert hall.clients == 2
            await close(proxy)

    run(main())


def test_closing_ends_the_calls_under_way(run: Run) -> None:
    async def main() -> None:
        hall = Hall()
        async with scripted(hall.script) as uri:
            proxy = await connect(uri)
            call = start(proxy.f, 1)
            await hall.reached(1)
            await close(proxy)
            with pytest.raises((ConnectionLostError, Exception), match="closed"):
                await call
            hall.release.set()

    run(main())


class Crowd:
    """Counts the clients of a daemon that knows all features."""

    def __init__(self) -> None:
        self.clients = 0

    async def script(self, peer: Peer) -> None:
        self.clients += 1
        await peer.welcome()
        while True:
            try:
                call = await peer.call()
            except EOFError:
                return
            value = MEMBERS.to_wire() if call.method == "get_metadata" else call.args[0]
            peer.send(peer.session.result(call, value))


def test_proxies_to_one_daemon_share_a_connection(run: Run) -> None:
    async def main() -> None:
        crowd = Crowd()
        async with scripted(crowd.script, supported=FEATURES) as uri:
            proxies = await asyncio.gather(*(connect(uri) for _ in range(5)))
            calls = [proxy.f(number) for number in range(20) for proxy in proxies]
            assert len(await asyncio.gather(*calls)) == 100
            assert crowd.clients == 1
            await close(proxies[0])
            assert await proxies[1].f("still there") == "still there"
            assert await proxies[0].f("again") == "again"
            assert crowd.clients == 1
            for proxy in proxies:
                await close(proxy)
            other = await connect(uri)
            assert crowd.clients == 2
            await close(other)

    run(main())


def test_each_proxy_calls_its_own_object_over_a_shared_connection(run: Run) -> None:
    async def script(peer: Peer) -> None:
        await peer.welcome()
        while True:
            try:
                call = await peer.call()
            except EOFError:
                return
            metadata = call.method == "get_metadata"
            value = MEMBERS.to_wire() if metadata else call.object_id
            peer.send(peer.session.result(call, value))

    async def main() -> None:
        async with scripted(script, supported=FEATURES) as uri:
            first = await connect(uri)
            second = await connect(URI("PYRO", "y", None, uri.host, uri.port))
            assert await second.f() == "y"
            assert await first.f() == "x"
            await asyncio.gather(close(first), close(second))

    run(main())


def test_who_differs_in_what_counts_has_a_connection_of_its_own(run: Run) -> None:
    async def main() -> None:
        crowd = Crowd()
        async with scripted(crowd.script, supported=FEATURES) as uri:
            proxies = [
                await connect(uri),
                await connect(uri, handshake="else"),
                await connect(uri, handshake=["no", "hash"]),
                await connect(uri, check=lambda answer: None),
                await connect(uri, settings=Settings(serializer="json")),
                await connect(uri, classes=ClassTable()),
            ]
            assert crowd.clients == len(proxies)
            for proxy in proxies:
                await close(proxy)

    run(main())


def test_an_object_of_its_own_for_each_connection_is_not_shared(run: Run) -> None:
    @expose
    @instances("session")
    class Own:
        def __init__(self) -> None:
            self.count = 0

        def add(self) -> int:
            self.count += 1
            return self.count

    @expose
    class Common:
        def add(self) -> int:
            return 0

    async def main(own: URI, common: URI) -> None:
        first = await connect(common)
        second, third = await connect(own), await connect(own)
        assert [await proxy.add() for proxy in (first, second, third)] == [0, 1, 1]
        assert await second.add() == 2

    with running(Daemon()) as daemon:
        run(main(daemon.register(Own), daemon.register(Common())))


def test_a_dropped_proxy_takes_its_connection_along(run: Run) -> None:
    async def main() -> None:
        crowd = Crowd()
        async with scripted(crowd.script, supported=FEATURES) as uri:
            proxy = await connect(uri)
            connection = proxy.__dict__["_pyrophone"].line.connection
            items = proxy.f
            del proxy
            assert connection.open
            del items
            gc.collect()
            while connection.open:
                await asyncio.sleep(0)

    run(main())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_has_connections_of_its_own_and_leaves_those_of_its_parent(
    run: Run,
) -> None:
    @expose
    class Echo:
        def echo(self, value: object) -> object:
            return value

    async def use(proxy: Any, value: str) -> Any:
        return await proxy.echo(value)

    with running(Daemon()) as daemon, asyncio.Runner() as runner:
        proxy = runner.run(connect(daemon.register(Echo())))
        assert runner.run(use(proxy, "before")) == "before"
        child = os.fork()
        if not child:
            os._exit(asyncio.run(use(proxy, "child")) != "child")
        assert runner.run(use(proxy, "parent")) == "parent"
        assert os.waitpid(child, 0)[1] == 0
        assert runner.run(use(proxy, "after")) == "after"


def test_those_who_come_while_it_connects_wait_for_that(run: Run) -> None:
    async def main() -> None:
        crowd = Crowd()
        async with scripted(crowd.script, supported=FEATURES) as uri:
            proxy = Proxy.to(uri)
            assert await asyncio.gather(*map(proxy.f, range(3))) == [0, 1, 2]
            assert crowd.clients == 1
            await close(proxy)

    run(main())
