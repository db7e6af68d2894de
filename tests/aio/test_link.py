"""One connection to a daemon in a loop: hostile and broken clients can do nothing."""

from __future__ import annotations

import asyncio
import queue
import socket
import struct
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyrophone import URI, Settings, expose, sync
from pyrophone.aio import Daemon, connect
from pyrophone.context import Client
from pyrophone.errors import SerializeError
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.wire.client import ClientSession
from pyrophone.wire.features import BUFFERS, FEATURES, VALUES
from pyrophone.wire.framing import ONEWAY
from running import LIMIT
from talking import talking
from toy import TOY

Run = Callable[[Coroutine[Any, Any, Any]], Any]
LIMITS = Settings(max_message_size=100_000, handshake_timeout=0.5)


@expose
class Echo:
    def __init__(self) -> None:
        self.open = asyncio.Event()

    def echo(self, value: Any) -> Any:
        return value

    async def task(self, value: Any) -> Any:
        return value

    async def large(self, size: int) -> str:
        return "x" * size

    async def wait(self) -> None:
        await self.open.wait()

    async def nap(self) -> None:
        await asyncio.sleep(0.001)  # others have their turn

    async def flow(self, count: int) -> AsyncIterator[int]:
        for number in range(count):
            yield number


@pytest.fixture(scope="module")
def served() -> Iterator[URI]:
    """A daemon in the loop of a thread; complaints of the loop fail the module."""
    complaints: list[Any] = []
    places: queue.Queue[Any] = queue.Queue()

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, facts: complaints.append(facts))
        daemon = Daemon(settings=LIMITS)
        uri = await daemon.register(Echo(), "echo")
        end = asyncio.Event()
        async with daemon:
            places.put((uri, partial(loop.call_soon_threadsafe, end.set)))
            await end.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    uri, end = places.get(timeout=LIMIT)
    yield uri
    end()
    thread.join(LIMIT)
    assert not thread.is_alive()
    assert complaints == []


def still_serves(uri: URI) -> bool:
    with sync.connect(uri, settings=Settings(timeout=LIMIT)) as echo:
        return bool(echo.echo([1, "x"]) == [1, "x"])


def say(uri: URI, data: bytes, *, half: bool = True) -> bytes:
    """Send *data*, say that nothing follows, return all that comes."""
    with socket.create_connection(("127.0.0.1", uri.port or 0)) as sock:
        sock.settimeout(LIMIT)
        received = b""
        with suppress(ConnectionError):  # closed with bytes unread; what came counts
            sock.sendall(data)
            if half:
                sock.shutdown(socket.SHUT_WR)
            while piece := sock.recv(65536):
                received += piece
        return received


def session(features: frozenset[str] = frozenset(), *, greeted: bool = False) -> Any:
    codecs = make_codecs(ClassTable(), Settings())
    return ClientSession("echo", codecs, features=features, greeted=greeted)


def greeting(features: frozenset[str] = frozenset()) -> bytes:
    data: bytes = session(features).greet()
    return data


def call(*args: Any, method: str = "echo") -> bytes:
    data: bytes = session(greeted=True).call(method, args, {})
    return data


def many() -> bytes:
    """All that a client with features may say, in one piece."""
    talk = session(FEATURES)
    hello = talk.greet()
    other = session(greeted=True)
    return b"".join(
        [
            hello,
            other.call("echo", (1, "two"), {}),
            other.call("task", ([3.0],), {}),
            other.call("flow", (3,), {}),
            other.call("echo", (4,), {}, ONEWAY),
            other.call("nap", (), {}),
            struct.pack("!4sHBBHHII16sHH", b"PYRO", 502, 7, 0, 0, 5, 0, 0, bytes(16), 0,
                        0x4DC5),
        ]
    )  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_no_mutation_of_a_conversation_harms_the_daemon(
    served: URI, data: st.DataObject
) -> None:
    plain = greeting() + call(1, "two", [3.0]) + call({"a": None})
    stream = bytearray(data.draw(st.sampled_from([plain, many()])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(stream) - 1))
        if data.draw(st.booleans()):
            stream[at] = data.draw(st.integers(0, 255))
        else:
            del stream[at : at + data.draw(st.integers(1, 50))]
            stream += b"\0"
    answer = say(served, bytes(stream))
    assert not answer or answer.startswith(b"PYRO\x01\xf6")
    assert still_serves(served)


@pytest.mark.slow
def test_a_conversation_may_be_cut_at_every_byte(served: URI) -> None:
    for stream in (greeting() + call(1) + call(2), many()):
        for end in range(0, len(stream), 7):
            with socket.create_connection(("127.0.0.1", served.port or 0)) as sock:
                sock.sendall(stream[:end])
    assert still_serves(served)


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(b"\0" * 100, id="zeros"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="http"),
        pytest.param(greeting()[:30], id="half a header"),
        pytest.param(greeting()[:-3], id="half a greeting"),
        pytest.param(call(1), id="a call before the greeting"),
        pytest.param(greeting() * 2, id="two greetings"),
        pytest.param(greeting() + call(1)[:-1], id="half a call"),
        pytest.param(greeting() + b"\0" * 50, id="zeros behind the greeting"),
        pytest.param(many() + many(), id="two greetings with features"),
    ],
)
def test_streams_that_are_none_are_refused_or_closed(served: URI, stream: bytes) -> None:
    say(served, stream)
    assert still_serves(served)


def test_who_is_refused_can_read_why_though_more_was_sent(served: URI) -> None:
    answer = say(served, b"GET / HTTP/1.1\r\n\r\n" + b"x" * 1_000_000)
    assert b"PYRO" in answer


def header(kind: int, serializer: int, flags: int, payload: int, chunks: int = 0) -> bytes:
    return struct.pack(
        "!4sHBBHHII16sHH", b"PYRO", 502, kind, serializer, flags, 1, payload, chunks,
        bytes(16), 0, 0x4DC5,
    )  # fmt: skip


def test_a_length_that_lies_is_refused_from_the_header_alone(served: URI) -> None:
    answer = say(served, header(1, 1, 0, 2**32 - 1, 2**32 - 1), half=False)
    assert b"message too large" in answer
    assert still_serves(served)


def test_a_bomb_is_refused_before_and_behind_the_greeting(served: URI) -> None:
    bomb = zlib.compress(b" " * 10_000_000, 9)
    answer = say(served, header(1, 1, 2, len(bomb)) + bomb)
    assert b"message too large" in answer
    say(served, greeting() + header(4, 1, 2, len(bomb)) + bomb)
    assert still_serves(served)


@pytest.mark.parametrize("serializer", [1, 2, 3, 4])
@pytest.mark.parametrize("payload", [b"", b"[" * 50_000, b"\xdd\x7f\xff\xff\xff"])
def test_a_payload_that_is_none_is_answered_and_the_next_call_works(
    served: URI, serializer: int, payload: bytes
) -> None:
    stream = greeting() + header(4, serializer, 0, len(payload)) + payload + call("after")
    answer = say(served, stream)
    assert b"SerializeError" in answer
    assert b"after" in answer


def test_an_unknown_serializer_is_answered_in_another(served: URI) -> None:
    assert b"unknown serializer 9" in say(served, header(1, 9, 0, 0))
    answer = say(served, greeting() + header(4, 9, 0, 0) + call("after"))
    assert b"unknown serializer 9" in answer
    assert b"after" in answer


@pytest.mark.slow
def test_who_does_not_greet_in_time_is_disconnected(served: URI) -> None:
    assert say(served, greeting()[:10], half=False) == b""


def test_a_client_that_takes_no_answers_is_not_read_and_then_disconnected(
    run: Run,
) -> None:
    async def main() -> None:
        left = asyncio.Event()

        class Told(Daemon):
            def left_by(self, client: Client) -> None:
                left.set()

        async with Told(settings=Settings(send_timeout=0.05)) as daemon:
            uri = await daemon.register(Echo())
            async with talking(uri) as talker:
                talker.writer.transport.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_RCVBUF, 4096
                )
                talker.writer.transport.pause_reading()
                for _ in range(50):
                    talker.say("large", 1_000_000)
                (client,) = daemon.clients
                await left.wait()
                assert client.connection.closed

    run(main())


def test_a_client_that_takes_its_answers_late_gets_them_all(run: Run) -> None:
    async def main() -> None:
        async with Daemon() as daemon:
            uri = await daemon.register(Echo())
            async with talking(uri) as talker:
                talker.writer.transport.pause_reading()
                numbers = [talker.say("large", 300_000) for _ in range(20)]
                (client,) = daemon.clients
                while not client.connection.paused:  # of which nothing tells
                    await asyncio.sleep(0.001)
                numbers += [talker.say("task", number) for number in range(5)]
                talker.writer.transport.resume_reading()
                assert sorted([(await talker.hear()).seq for _ in numbers]) == numbers

    run(main())


def test_a_client_that_is_idle_for_too_long_is_disconnected(run: Run) -> None:
    async def main() -> None:
        async with Daemon(settings=Settings(idle_timeout=0.1)) as daemon:
            echo = Echo()
            uri = await daemon.register(echo)
            async with talking(uri) as busy:
                busy.say("wait")
                async with talking(uri) as idle:
                    assert await idle.hear() is None
                echo.open.set()
                assert (await busy.hear()).unwrap() is None

    run(main())


def test_a_ping_is_answered_beside_calls(run: Run) -> None:
    async def main() -> None:
        async with Daemon() as daemon:
            uri = await daemon.register(Echo())
            async with talking(uri) as talker:
                talker.say("wait")
                talker.writer.write(talker.session.ping())
                assert (await talker.hear()).seq == talker.session.seq

    run(main())


class Mark:
    """Notes where it is read and written."""

    places: ClassVar[list[str]] = []

    @classmethod
    def table(cls) -> ClassTable:
        def note(what: str) -> None:
            in_loop = asyncio._get_running_loop() is not None
            cls.places.append(what + (" in the loop" if in_loop else ""))

        def read(name: str, form: Any) -> Mark:
            note("read")
            if form["trap"]:
                raise ZeroDivisionError("of the user")
            return Mark()

        def write(value: Mark) -> Any:
            note("written")
            return "a mark"

        table = ClassTable()
        table.register(Mark, write)
        table.register_name("test.Mark", read)
        cls.places = []
        return table


@expose
class Marked:
    def plain(self, value: Any, filling: str = "") -> Any:
        return value

    async def task(self, value: Any, filling: str = "") -> Any:
        return value

    def behind(self) -> int:
        return len(Mark.places)


MARK = {"__class__": "test.Mark", "trap": False}
FORMS = FEATURES - {VALUES, BUFFERS}  # whoever else says what a Mark is, writes a form
FILLING = "x" * 300_000


@pytest.mark.parametrize(
    ("method", "filling", "places"),
    [
        ("plain", "", ["read in the loop", "written"]),
        ("plain", FILLING, ["read", "written"]),
        ("task", "", ["read in the loop", "written in the loop"]),
        ("task", FILLING, ["read", "written in the loop"]),
    ],
)
def test_the_loop_is_not_held_up_by_reading_and_writing_much(
    run: Run, method: str, filling: str, places: list[str]
) -> None:
    async def main() -> None:
        async with Daemon(classes=Mark.table()) as daemon:
            uri = await daemon.register(Marked())
            async with talking(uri, features=FORMS) as talker:
                assert await talker.ask(method, MARK, filling) == "a mark"
                assert Mark.places == places
                for n in range(3):  # which are small again
                    assert await talker.ask("task", n) == n
                Mark.places.clear()
                await talker.ask("task", MARK)
                assert Mark.places == ["read in the loop", "written in the loop"]

    run(main())


def test_what_comes_behind_a_large_call_stays_behind_it(run: Run) -> None:
    async def main() -> None:
        async with Daemon(classes=Mark.table()) as daemon:
            uri = await daemon.register(Marked())
            async with talking(uri, features=FORMS) as talker:
                numbers = [talker.say("task", MARK, FILLING), talker.say("behind")]
                numbers += [talker.say("task", MARK, FILLING), talker.say("behind")]
                replies = {}
                for _ in numbers:
                    reply = await talker.hear()
                    replies[reply.seq] = reply.unwrap()
                assert replies[numbers[1]] >= 1
                assert replies[numbers[3]] >= 2

    run(main())


def test_what_can_not_be_read_is_an_error_however_large_it_is(run: Run) -> None:
    async def main() -> None:
        async with Daemon(classes=Mark.table()) as daemon:
            uri = await daemon.register(Marked())
            async with talking(uri, features=FORMS) as talker:
                trap = {"__class__": "test.Mark", "trap": True}
                with pytest.raises((ZeroDivisionError, SerializeError)):
                    await talker.ask("task", trap, FILLING)
                assert await talker.ask("task", 1) == 1

    run(main())


def test_who_leaves_while_a_large_call_is_read_has_not_made_it(run: Run) -> None:
    gate, begun = threading.Event(), threading.Event()

    def wait(name: str, form: Any) -> None:
        begun.set()
        assert gate.wait(LIMIT)

    async def main() -> None:
        classes = ClassTable()
        classes.register_name("test.Slow", wait)
        async with Daemon(classes=classes) as daemon:
            echo = Echo()
            uri = await daemon.register(echo)
            async with talking(uri, features=FORMS) as talker, talking(uri) as other:
                talker.say("wait", {"__class__": "test.Slow"}, FILLING)
                while not begun.is_set():
                    await asyncio.sleep(0)
                assert await other.ask("task", 1) == 1  # others are served
                talker.writer.transport.abort()
                while len(daemon.clients) > 1:
                    assert await other.ask("task", 1) == 1
                gate.set()
                assert await other.ask("task", 1) == 1

    run(main())


def test_without_a_thread_a_large_call_is_read_all_the_same(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def main() -> None:
        async with Daemon() as daemon:
            uri = await daemon.register(Echo())
            async with talking(uri) as talker:
                with monkeypatch.context() as scarce:
                    scarce.setattr(threading.Thread, "start", refuse)
                    assert await talker.ask("task", FILLING) == FILLING

    run(main())


def test_another_dialect_is_answered_on_the_same_port(run: Run) -> None:
    async def main() -> None:
        async with Daemon(dialects=[TOY]) as daemon:
            uri = await daemon.register(Echo())
            async with await connect(uri, dialect=TOY) as toy, await connect(uri) as plain:
                assert await toy.task(1) == await plain.task(1) == 1
                names = {client.dialect for client in daemon.clients}
                assert names == {"toy", "pyro5"}

    run(main())
