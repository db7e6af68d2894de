"""The shortest way of serving a call in a loop ends as every other one does."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from pyrophone import Settings, current, expose
from pyrophone.aio import Daemon
from pyrophone.errors import NoSuchObjectError, NotExposedError, SerializeError
from pyrophone.wire.events import Reply
from talking import Talker, talking

Run = Callable[[Coroutine[Any, Any, Any]], Any]
MARK: contextvars.ContextVar[str] = contextvars.ContextVar("MARK", default="none")


@expose
class Clerk:
    """What is called."""

    def __init__(self) -> None:
        self.tasks: list[Any] = []
        self.link: Any = None
        self.gate = asyncio.Event()
        self.ended = 0

    async def meet(self) -> str:
        self.link = current().client.connection
        return "met"

    async def echo(self, *args: Any, **kwargs: Any) -> Any:
        return [args, kwargs]

    async def give(self, value: Any) -> Any:
        return value

    async def digits(self, count: int) -> int:
        return int(10**count)

    async def large(self, size: int) -> str:
        return "x" * size

    async def unwritable(self) -> Any:
        return type

    async def fail(self, text: str) -> None:
        raise ValueError(text)

    async def known(self) -> Any:
        context = current()
        context.reply_annotations["BACK"] = b"y"
        return [
            context.seq,
            context.flags,
            context.serializer,
            dict(context.annotations),
            context.client is context.client.connection.client,
            context.path.endswith(".known"),
            context.remaining(),
            context.cancelled,
        ]

    async def mark(self, text: str) -> str:
        before = MARK.get()
        MARK.set(text)
        await asyncio.sleep(0)
        return before

    async def task(self) -> bool:
        task = asyncio.current_task()
        fresh = task not in self.tasks
        self.tasks.append(task)
        async with asyncio.timeout(60):
            await asyncio.sleep(0)
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0))
        return fresh and task in asyncio.all_tasks()

    async def wait(self) -> str:
        try:
            await self.gate.wait()
        finally:
            self.ended += 1
        return "waited"


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[tuple[Talker, Clerk, Daemon]]:
    async with Daemon(settings=Settings(**options)) as daemon:
        clerk = Clerk()
        uri = await daemon.register(clerk, object_id="clerk")
        async with talking(uri) as talker:
            yield talker, clerk, daemon


def call(talker: Talker, method: str, *args: Any, **more: Any) -> bytes:
    """Return the bytes of a call that is not sent."""
    return talker.session.call(method, args, {}, object_id="clerk", **more)


def test_a_call_may_be_cut_anywhere(run: Run) -> None:
    async def main() -> None:
        async with serving() as (talker, clerk, _):
            assert await talker.ask("meet") == "met"
            size = len(call(talker, "give", "é" * 9))
            for place in range(size + 1):
                data = call(talker, "give", "é" * 9)
                clerk.link.data_received(data[:place])
                clerk.link.data_received(data[place:])
                reply = await talker.hear()
                if not place:
                    continue
                assert (reply.seq, reply.unwrap()) == (talker.session.seq, "é" * 9)
            assert not clerk.link.answering.runs

    run(main())


def test_calls_that_come_together_are_all_answered(run: Run) -> None:
    async def main() -> None:
        async with serving() as (talker, clerk, _):
            assert await talker.ask("meet") == "met"
            data = b"".join(call(talker, "give", number) for number in range(50))
            clerk.link.data_received(data[:-1])
            clerk.link.data_received(data[-1:] + call(talker, "give", 50))
            replies = [await talker.hear() for _ in range(51)]
            assert [reply.unwrap() for reply in replies] == list(range(51))

    run(main())


def test_a_method_knows_its_call(run: Run) -> None:
    async def main() -> None:
        async with serving() as (talker, _, _):
            for marks in ({}, {"MARK": b"x"}):
                talker.writer.write(call(talker, "known", annotations=marks or None))
                reply = await talker.hear()
                assert isinstance(reply, Reply)
                assert reply.annotations == {"BACK": b"y"}
                seq = talker.session.seq
                expected = [seq, 0, "serpent", marks, True, True, None, False]
                assert reply.unwrap() == expected
            talker.writer.write(call(talker, "known", limit=60.0))
            remaining = (await talker.hear()).unwrap()[6]
            assert 0 < remaining <= 60

    run(main())


@pytest.mark.parametrize("value", [None, True, 1.5, -7, "é", [1], (2,), {"k": b"x"}, {3}])
def test_values_of_all_kinds_come_back(run: Run, value: Any) -> None:
    async def main() -> None:
        async with serving() as (talker, _, _):
            assert await talker.ask("give", value) == value
            assert await talker.ask("echo", value, 1) == [(value, 1), {}]
            data = talker.session.call("echo", (1,), {"more": value})
            talker.writer.write(data)
            assert (await talker.hear()).unwrap() == [(1,), {"more": value}]

    run(main())


def test_what_goes_wrong_is_told_and_the_next_call_goes_on(run: Run) -> None:
    async def main() -> None:
        async with serving(max_message_size=30_000) as (talker, clerk, _):
            assert await talker.ask("meet") == "met"
            with pytest.raises(ValueError, match="é") as caught:
                await talker.ask("fail", "é")
            shown = "".join(caught.value._pyroTraceback)  # type: ignore[attr-defined]
            assert "in fail" in shown
            assert shown.count("File") == 1
            with pytest.raises(SerializeError, match="type"):
                await talker.ask("unwritable")
            with pytest.raises(Exception, match="too large"):
                await talker.ask("large", 30_000)
            with pytest.raises(NotExposedError):
                await talker.ask("missing")
            with pytest.raises(NoSuchObjectError):
                await talker.ask("give", 1, object_id="nobody")
            with pytest.raises(TypeError, match="argument"):
                await talker.ask("give")
            with pytest.raises(SerializeError, match="4300 digits"):
                await talker.ask("digits", 5000)
            assert await talker.ask("digits", 4000) == 10**4000
            assert await talker.ask("give", 1) == 1
            assert not clerk.link.answering.runs
            assert clerk.link.session.owed == 0

    run(main())


def test_each_call_has_a_task_and_a_context_of_its_own(run: Run) -> None:
    async def main() -> None:
        async with serving() as (talker, _, _):
            assert [await talker.ask("mark", text) for text in "abc"] == ["none"] * 3
            assert [await talker.ask("task") for _ in range(3)] == [True] * 3

    run(main())


def test_calls_beyond_the_limit_wait_and_those_of_who_left_are_cancelled(
    run: Run,
) -> None:
    async def main() -> None:
        async with serving(calls_per_client=2) as (talker, clerk, _):
            assert await talker.ask("meet") == "met"
            for _ in range(5):
                talker.say("wait")
            talker.say("give", 1)
            while len(clerk.link.answering.runs) < 2:
                await asyncio.sleep(0)
            clerk.gate.set()
            values = sorted([str((await talker.hear()).unwrap()) for _ in range(6)])
            assert values == ["1", *["waited"] * 5]
            clerk.gate.clear()
            clerk.ended = 0
            clerk.link.data_received(call(talker, "wait"))
            clerk.link.data_received(call(talker, "give", 1))
            assert (await talker.hear()).unwrap() == 1
            talker.writer.transport.abort()
            while not clerk.ended:
                await asyncio.sleep(0)
            assert clerk.link.closed

    run(main())


def test_a_daemon_that_ends_takes_no_calls(run: Run) -> None:
    async def main() -> None:
        async with serving() as (talker, clerk, daemon):
            assert await talker.ask("meet") == "met"
            clerk.link.data_received(call(talker, "wait"))
            while not clerk.link.answering.runs:
                await asyncio.sleep(0)
            ending = asyncio.create_task(daemon.stop(grace=30))
            while not daemon.stopping:
                await asyncio.sleep(0)
            clerk.link.data_received(call(talker, "give", 1))
            clerk.gate.set()
            assert (await talker.hear()).unwrap() == "waited"
            assert await talker.hear() is None
            await ending

    run(main())
