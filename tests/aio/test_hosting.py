"""Hooks of a daemon in a loop, plain ones and asynchronous ones."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pyrophone import Settings, current, expose, sync
from pyrophone.aio import Daemon, connect
from pyrophone.errors import (
    CallError,
    ConnectionLostError,
    DeadlockError,
    NotExposedError,
    RefusedError,
)
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.wire.client import ClientSession
from pyrophone.wire.events import Refusal
from talking import talking

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@expose
class Thing:
    def echo(self, value: Any) -> Any:
        return value

    async def me(self) -> Any:
        return self

    def twin(self) -> Any:
        return current().client


class Closing:
    """A resource of a client."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def close(self) -> None:
        self.closed.set()


class Plain(Daemon):
    """Judges in threads."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.seen: list[Any] = []
        self.gone = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.resource = Closing()

    def greets(self, client: Any, handshake: Any) -> Any:
        assert threading.current_thread() is not threading.main_thread()
        self.seen.append((handshake, dict(current().annotations)))
        if handshake == "bad":
            raise LookupError("who are you?")
        client.track(self.resource)
        return f"hello {handshake}"

    def left_by(self, client: Any) -> None:
        assert threading.current_thread() is not threading.main_thread()
        self.loop.call_soon_threadsafe(self.gone.set)
        raise ValueError("is logged, no more")


class Later(Plain):
    """Judges in the loop."""

    async def greets(self, client: Any, handshake: Any) -> Any:
        await asyncio.sleep(0)
        self.seen.append((handshake, dict(current().annotations)))
        if handshake == "bad":
            raise LookupError("who are you?")
        client.track(self.resource)
        return f"hello {handshake}"

    async def left_by(self, client: Any) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        self.gone.set()


@pytest.mark.parametrize("kind", [Plain, Later])
def test_greetings_are_judged_and_departures_noted(
    run: Run, kind: type[Plain], caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[Any] = []

    def use(uri: Any) -> None:
        with sync.connect(uri, handshake="me", check=answers.append) as thing:
            assert thing.echo(1) == 1
        with pytest.raises(RefusedError, match="who are you"):
            sync.connect(uri, handshake="bad")
        with pytest.raises(RefusedError, match="unheard"):
            sync.connect(str(uri).replace("thing", "unheard"), handshake="me")

    async def main() -> None:
        async with kind() as daemon:
            uri = await daemon.register(Thing(), "thing")
            await asyncio.to_thread(use, uri)
            await daemon.gone.wait()
            await asyncio.to_thread(daemon.resource.closed.wait)
            assert daemon.seen == [("me", {}), ("bad", {})]

    run(main())
    assert answers == ["hello me"]
    assert ("is logged" in caplog.text) == (kind is Plain)


def test_who_leaves_while_being_judged_has_left(run: Run) -> None:
    events: list[str] = []

    class Slow(Daemon):
        async def greets(self, client: Any, handshake: Any) -> Any:
            events.append("judging")
            while self.clients:
                await asyncio.sleep(0)
            events.append("accepted")

        async def left_by(self, client: Any) -> None:  # type: ignore[override]
            events.append("left")

    async def main() -> None:
        async with Slow() as daemon:
            uri = await daemon.register(Thing())
            sock = socket.create_connection(("127.0.0.1", uri.port or 0))
            codecs = make_codecs(ClassTable(), Settings())
            sock.sendall(ClientSession(uri.object, codecs).greet())
            while not events:
                await asyncio.sleep(0)
            at_once = struct.pack("ii", 1, 0)  # no goodbye
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            sock.close()
            while "left" not in events:
                await asyncio.sleep(0)
        assert events == ["judging", "accepted", "left"]

    run(main())


def test_calls_behind_a_greeting_wait_until_it_is_judged(run: Run) -> None:
    async def main() -> None:
        async with Plain() as daemon:
            uri = await daemon.register(Thing())
            async with talking(uri) as talker:
                assert await talker.ask("echo", 1) == 1

    run(main())


def test_chunks_of_the_daemon_go_with_its_answers(run: Run) -> None:
    class Marking(Daemon):
        def annotations(self) -> Any:
            return {"MARK": b"x"}

    async def main() -> None:
        async with Marking() as daemon:
            uri = await daemon.register(Thing())
            async with talking(uri) as talker:
                talker.say("echo", 1)
                assert (await talker.hear()).annotations == {"MARK": b"x"}
                talker.say("unknown")
                assert (await talker.hear()).annotations == {"MARK": b"x"}

    run(main())


def test_unusable_chunks_are_an_error_and_the_next_call_works(run: Run) -> None:
    @expose
    class Marking:
        def mark(self) -> None:
            current().reply_annotations["toolong"] = b"x"

        async def fine(self) -> int:
            return 1

    async def main() -> None:
        async with Daemon() as daemon:
            uri = await daemon.register(Marking())
            async with talking(uri) as talker:
                talker.say("mark")
                reply = await talker.hear()
                with pytest.raises(Exception, match="is not 4 ASCII letters"):
                    reply.unwrap()
                assert await talker.ask("fine") == 1

    run(main())


def test_its_own_objects_travel_as_proxies(run: Run) -> None:
    def use(uri: Any) -> None:
        with sync.connect(uri) as thing, thing.me() as twin:
            assert twin == thing
            assert twin.echo(2) == 2

    async def main() -> None:
        async with Daemon() as daemon:
            uri = await daemon.register(Thing())
            await asyncio.to_thread(use, uri)
            proxy = daemon.proxy_of(str(uri.object))
            assert await proxy.echo(3) == 3
            await proxy.__aexit__(None, None, None)

    run(main())


@expose
class Dealer:
    """Deals with functions."""

    def __init__(self) -> None:
        self.kept: list[Any] = []
        self.most = 0
        self.running = 0

    def use(self, function: Any, value: Any) -> Any:
        return function(value)

    async def use_later(self, function: Any, value: Any) -> Any:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            return await function(value)
        finally:
            self.running -= 1

    def give(self) -> Any:
        return self.secret

    async def secret(self, value: int) -> int:
        return value * 100

    async def echo(self, value: Any) -> Any:
        return value

    def keep(self, function: Any) -> None:
        self.kept.append(function)


Test = Callable[[Any, Dealer], Coroutine[Any, Any, None]]


async def with_dealer(test: Test, **settings: Any) -> None:
    async with Daemon(settings=Settings(**settings)) as daemon:
        dealer = Dealer()
        async with await connect(await daemon.register(dealer)) as proxy:
            await test(proxy, dealer)


def test_methods_of_both_kinds_call_the_functions_they_are_given(run: Run) -> None:
    async def double(value: int) -> int:
        await asyncio.sleep(0)
        return 2 * value

    def fail(value: int) -> None:
        raise LookupError(value)

    async def test(proxy: Any, dealer: Dealer) -> None:
        for method in (proxy.use, proxy.use_later):
            assert await method(double, 4) == 8
            assert await method(repr, 5) == "5"
            with pytest.raises(LookupError, match="7"):
                await method(fail, 7)

    run(with_dealer(test))


def test_calls_may_go_in_circles(run: Run) -> None:
    async def test(proxy: Any, dealer: Dealer) -> None:
        async def back(value: int) -> Any:
            method = proxy.use if value % 2 else proxy.use_later
            return await method(back, value - 1) if value else "bottom"

        assert await proxy.use_later(back, 10) == "bottom"

    run(with_dealer(test))


def test_a_function_of_a_method_can_be_called_by_the_client(run: Run) -> None:
    async def test(proxy: Any, dealer: Dealer) -> None:
        function = await proxy.give()
        assert await function(3) == 300
        function.release()
        with pytest.raises(CallError):
            await function(4)
        assert await proxy.echo(1) == 1

    run(with_dealer(test))


def test_functions_end_with_the_connection(run: Run) -> None:
    async def main() -> None:
        async with Daemon() as daemon:
            dealer = Dealer()
            async with await connect(await daemon.register(dealer)) as proxy:
                await proxy.keep(len)
            while daemon.clients:
                await asyncio.sleep(0)
            with pytest.raises(ConnectionLostError):
                await dealer.kept[0]("abc")

    run(main())


def test_more_calls_than_may_be_under_way_wait_and_call_back_all_the_same(
    run: Run,
) -> None:
    async def double(value: int) -> int:
        return 2 * value

    async def test(proxy: Any, dealer: Dealer) -> None:
        calls = [proxy.use_later(double, number) for number in range(50)]
        assert await asyncio.gather(*calls) == [2 * number for number in range(50)]
        assert dealer.most <= 5

    run(with_dealer(test, calls_per_client=5))


@pytest.mark.slow
def test_threads_that_all_wait_for_one_more_are_noticed(run: Run) -> None:
    async def test(proxy: Any, dealer: Dealer) -> None:
        async def back(value: int) -> Any:
            return await proxy.use(back, value - 1) if value else "bottom"

        assert await proxy.use(back, 1) == "bottom"
        with pytest.raises(DeadlockError, match=r"use at .* -> .*use at"):
            await proxy.use(back, 2)
        assert await proxy.use(repr, 1) == "1"

    run(with_dealer(test, workers=2))


def test_chunks_of_the_daemon_go_with_streams_too(run: Run) -> None:
    class Marking(Daemon):
        def annotations(self) -> Any:
            return {"MARK": b"x"}

    @expose
    class Source:
        def items(self) -> Any:
            yield 1

    async def main() -> None:
        async with Marking() as daemon:
            uri = await daemon.register(Source())
            async with talking(uri) as talker:
                talker.say("items")
                reply = await talker.hear()
                assert reply.flows
                assert reply.annotations == {"MARK": b"x"}

    run(main())


def test_who_knows_no_functions_can_call_none(run: Run) -> None:
    async def main() -> None:
        async with Daemon() as daemon:
            uri = await daemon.register(Thing())
            async with talking(uri, frozenset()) as talker:
                with pytest.raises(NotExposedError):
                    await talker.ask("__call__")
                assert await talker.ask("echo", 1) == 1

    run(main())


class Handing(Daemon):
    """Gives something to await, from plain code."""

    def greets(self, client: Any, handshake: Any) -> Any:
        async def later() -> str:
            return f"later {handshake}"

        return later()


class Stopping(Daemon):
    """Raises what no future takes."""

    def greets(self, client: Any, handshake: Any) -> Any:
        raise StopIteration("enough")


def test_what_hooks_may_give_and_raise(run: Run) -> None:
    async def main() -> None:
        answers: list[Any] = []
        async with Handing() as daemon, Stopping() as other:
            uri = await daemon.register(Thing())
            async with await connect(uri, handshake="me", check=answers.append) as proxy:
                assert await proxy.echo(1) == 1
            assert answers == ["later me"]
            with pytest.raises(RefusedError, match="StopIteration: enough"):
                await connect(await other.register(Thing()))

    run(main())


def test_who_is_refused_when_gone_has_never_been_there(run: Run) -> None:
    events: list[str] = []

    class Refusing(Daemon):
        async def greets(self, client: Any, handshake: Any) -> Any:
            events.append("judging")
            while self.clients:
                await asyncio.sleep(0)
            events.append("refused")
            raise LookupError("who are you?")

        async def left_by(self, client: Any) -> None:  # type: ignore[override]
            events.append("left")

    async def main() -> None:
        async with Refusing() as daemon:
            uri = await daemon.register(Thing())
            with socket.create_connection(("127.0.0.1", uri.port or 0)) as sock:
                codecs = make_codecs(ClassTable(), Settings())
                sock.sendall(ClientSession(uri.object, codecs).greet())
                while not events:
                    await asyncio.sleep(0)
                at_once = struct.pack("ii", 1, 0)  # no goodbye
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            while "refused" not in events:
                await asyncio.sleep(0)
        assert events == ["judging", "refused"]

    run(main())


def test_who_says_no_more_behind_its_greeting_reads_why_it_is_refused(run: Run) -> None:
    class Refusing(Daemon):
        async def greets(self, client: Any, handshake: Any) -> Any:
            for _ in range(10):
                await asyncio.sleep(0)  # so that the end has come
            raise LookupError("who are you?")

    async def main() -> None:
        async with Refusing() as daemon:
            uri = await daemon.register(Thing())
            reader, writer = await asyncio.open_connection("127.0.0.1", uri.port)
            session = ClientSession(uri.object, make_codecs(ClassTable(), Settings()))
            writer.write(session.greet())
            writer.write_eof()
            session.receive(await reader.read())
            refusal = session.next()
            assert isinstance(refusal, Refusal)
            assert "who are you" in refusal.text
            writer.close()

    run(main())
