"""The driver carries out steps and hands results and errors back, in a loop."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pyrophone import URI, Settings, expose
from pyrophone.aio.drive import ask, drive
from pyrophone.errors import ConnectError
from pyrophone.steps import Ask, Broadcast, Connect, Invoke, Procedure, Sleep
from pyrophone.sync import Daemon
from running import LIMIT, running

Run = Callable[[Coroutine[Any, Any, Any]], Any]
SETTINGS = Settings()


async def connect(uri: URI) -> str:
    return str(uri)


async def double(value: int) -> int:
    return 2 * value


def test_results_go_back_into_the_procedure(run: Run) -> None:
    def procedure() -> Procedure[list[Any]]:
        first = yield Invoke(max, (1, 2), {})
        second = yield Invoke(dict, (), {"a": first})
        nothing = yield Sleep(0.0)
        first = yield Invoke(double, (first,), {})
        connection = yield Connect(URI.parse("PYRO:x@host:1"))
        return [first, second, nothing, connection]

    assert run(drive(procedure(), SETTINGS, connect)) == [
        4,
        {"a": 2},
        None,
        "PYRO:x@host:1",
    ]


def test_errors_are_thrown_into_the_procedure(run: Run) -> None:
    def procedure() -> Procedure[str]:
        try:
            yield Invoke(int, ("x",), {})
        except ValueError as error:
            return str(error)
        return "nothing was raised"

    assert (
        run(drive(procedure(), SETTINGS)) == "invalid literal for int() with base 10: 'x'"
    )


def test_an_error_that_the_procedure_lets_pass_reaches_the_caller(run: Run) -> None:
    def procedure() -> Procedure[None]:
        yield Invoke(int, ("x",), {})

    with pytest.raises(ValueError, match="invalid literal"):
        run(drive(procedure(), SETTINGS))


def test_a_procedure_may_end_without_a_step(run: Run) -> None:
    def procedure() -> Procedure[int]:
        return 5
        yield

    assert run(drive(procedure(), SETTINGS)) == 5


def test_asking_makes_one_call_over_a_connection_of_its_own(run: Run) -> None:
    gone = threading.Event()

    @expose
    class Names:
        def lookup(self, name: str) -> URI:
            return URI("PYRO", name, None, "host", 1)

    class Doorman(Daemon):
        def left_by(self, client: Any) -> None:
            gone.set()

    with running(Doorman()) as daemon:
        uri = daemon.register(Names())
        assert run(ask(uri, "lookup", ("x",), SETTINGS)) == URI.parse("PYRO:x@host:1")
        assert gone.wait(LIMIT)

    def procedure() -> Procedure[Any]:
        return (yield Ask(uri, "lookup", ("x",)))

    with pytest.raises(ConnectError, match="cannot connect to localhost:"):
        run(drive(procedure(), SETTINGS))


def test_a_broadcast_gives_the_first_answer_or_none(run: Run) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as responder:
        responder.bind(("127.0.0.1", 0))
        responder.settimeout(LIMIT)
        port = responder.getsockname()[1]

        def answer() -> None:
            data, sender = responder.recvfrom(100)
            responder.sendto(data + b"!", sender)

        def procedure(seconds: float) -> Procedure[Any]:
            return (yield Broadcast(b"where", ("127.0.0.1",), port, seconds))

        thread = threading.Thread(target=answer)
        thread.start()
        assert run(drive(procedure(LIMIT), SETTINGS)) == "where!"
        thread.join()
        assert run(drive(procedure(0.01), SETTINGS)) is None


def test_a_question_to_somebody_who_hangs_has_a_limit(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = URI("PYRO", "x", None, *silent.getsockname())
        with pytest.raises(ConnectError, match=r"no reply within 0\.05 s"):
            run(ask(uri, "ping", (), Settings(timeout=0.05)))


def test_more_answers_to_a_broadcast_than_one_are_dropped(run: Run) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as responder:
        responder.bind(("127.0.0.1", 0))
        responder.settimeout(LIMIT)
        port = responder.getsockname()[1]

        def answer() -> None:
            _, sender = responder.recvfrom(100)
            for text in (b"first", b"second", b"third"):
                responder.sendto(text, sender)

        async def main() -> None:
            def procedure() -> Procedure[Any]:
                return (yield Broadcast(b"where", ("127.0.0.1",), port, LIMIT))

            asking = asyncio.create_task(drive(procedure(), SETTINGS))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            answer()  # all are there before the loop looks again
            assert await asking == "first"

        run(main())


def test_a_broadcast_that_reaches_nobody_gives_none_at_once(run: Run) -> None:
    def procedure() -> Procedure[Any]:
        return (yield Broadcast(b"where", ("127.0.0.1",), 70000, LIMIT * 100))

    assert run(drive(procedure(), SETTINGS)) is None
