"""Calls in a loop: where each runs, how it ends, and that it is answered once."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pyrophone import Settings, current, expose, instances, oneway
from pyrophone.aio.daemon import Daemon
from pyrophone.errors import (
    CallCancelledError,
    DeadlineExceeded,
    NoSuchObjectError,
    NotExposedError,
    RemoteError,
    SerializeError,
)
from pyrophone.serializers.classes import Failure
from pyrophone.wire.framing import BATCH
from running import LIMIT
from talking import talking

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def where() -> str:
    """Tell who runs this."""
    in_loop = asyncio._get_running_loop() is not None
    return "loop" if in_loop else threading.current_thread().name[:10]


def seen_through(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


class _Caller:
    async def __call__(self) -> str:
        return where()


@expose
class Desk:
    """One of each kind of method."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.gate = threading.Event()
        self.reached = asyncio.Event()
        self.open = asyncio.Event()
        self._level = 1

    def plain(self, value: Any = None) -> tuple[str, Any]:
        return where(), value

    async def task(self, value: Any = None) -> tuple[str, Any]:
        await asyncio.sleep(0)
        return where(), value

    @seen_through
    async def wrapped(self, value: Any) -> tuple[str, Any]:
        return where(), value

    def handed(self, value: Any) -> Any:
        assert where() != "loop"
        return self.task(value)

    def fail(self, text: str) -> None:
        raise ValueError(text)

    async def fail_later(self, text: str) -> None:
        await asyncio.sleep(0)
        raise ValueError(text)

    def stop_early(self) -> None:
        raise StopIteration("early")

    def leave(self) -> None:
        raise SystemExit(3)

    def interrupt(self) -> None:
        raise KeyboardInterrupt

    async def interrupt_later(self) -> None:
        raise KeyboardInterrupt

    async def leave_later(self) -> None:
        raise SystemExit(3)

    @property
    def level(self) -> Any:
        return self._level, where()

    @level.setter
    def level(self, value: Any) -> None:
        self._level = value

    async def wait(self) -> str:
        """Wait to be let go, or cancelled."""
        self.events.append("began")
        self.reached.set()
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.events.append("cancelled")
            raise
        return "let go"

    async def stubborn(self) -> str:
        """Wait, and give a result though it was cancelled."""
        self.reached.set()
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            return "all the same"
        return "let go"

    async def quit(self) -> None:
        raise asyncio.CancelledError

    def block(self) -> bool:
        """Block a thread until it is let go; tell whether it was cancelled meanwhile."""
        self.events.append("blocked")
        assert self.gate.wait(LIMIT)
        return current().cancelled

    def let_go(self) -> None:
        self.gate.set()

    @oneway
    def note(self, text: str) -> None:
        self.events.append(text)

    @oneway
    async def note_later(self, text: str) -> None:
        self.events.append(text)

    def look(self) -> Any:
        context = current()
        return context.seq, context.remaining() is not None

    async def look_later(self) -> Any:
        context = current()
        return context.seq, context.remaining() is not None


Test = Callable[[Any, Desk], Coroutine[Any, Any, None]]


async def with_desk(test: Test, **settings: Any) -> None:
    """Do *test* with a conversation with a daemon that has a desk."""
    desk = Desk()
    async with Daemon(settings=Settings(**settings)) as daemon:
        uri = await daemon.register(desk)
        async with talking(uri) as talker:
            await test(talker, desk)


def test_each_method_runs_where_it_belongs(run: Run) -> None:
    async def test(talker: Any, desk: Desk) -> None:
        assert await talker.ask("plain", 1) == ("pyrophone-", 1)
        assert await talker.ask("task", 2) == ("loop", 2)
        assert await talker.ask("wrapped", 3) == ("loop", 3)
        assert await talker.ask("handed", 4) == ("loop", 4)
        await talker.ask("__setattr__", "level", 5)
        level, place = await talker.ask("__getattr__", "level")
        assert (level, place) == (5, "pyrophone-")

    run(with_desk(test))


def test_errors_of_both_kinds_of_methods_arrive_and_the_next_call_works(run: Run) -> None:
    async def test(talker: Any, desk: Desk) -> None:
        for method in ("fail", "fail_later"):
            with pytest.raises(ValueError, match="on purpose") as caught:
                await talker.ask(method, "on purpose")
            notes = "".join(caught.value.__notes__)
            assert f"in {method}" in notes
            assert "running.py" not in notes.replace("test_running.py", "")
        with pytest.raises(TypeError):
            await talker.ask("task", 1, 2, 3)
        with pytest.raises(NotExposedError):
            await talker.ask("unknown")
        with pytest.raises(NoSuchObjectError):
            await talker.ask("unknown", object_id="unheard")
        talker.say("stop_early")
        reply = await talker.hear()
        with pytest.raises(StopIteration):
            reply.unwrap()
        for method in ("leave", "leave_later"):
            with pytest.raises(RemoteError, match="SystemExit: 3"):
                await talker.ask(method)
        with pytest.raises(CallCancelledError):
            await talker.ask("quit")
        assert await talker.ask("task", 1) == ("loop", 1)

    run(with_desk(test))


def test_ctrl_c_in_a_method_ends_the_loop_and_in_a_thread_it_is_an_error(run: Run) -> None:
    events: list[str] = []

    async def test(talker: Any, desk: Desk) -> None:
        with pytest.raises(RemoteError, match="KeyboardInterrupt"):
            await talker.ask("interrupt")
        assert await talker.ask("task", 1) == ("loop", 1)
        talker.say("interrupt_later")
        try:
            while True:
                await talker.hear()
        except asyncio.CancelledError:
            events.append("cancelled")
            raise

    with pytest.raises(KeyboardInterrupt):
        run(with_desk(test))
    assert events == ["cancelled"]


def test_the_context_is_there_in_tasks_and_threads(run: Run) -> None:
    async def test(talker: Any, desk: Desk) -> None:
        for method in ("look", "look_later"):
            seq, limited = await talker.ask(method)
            assert (seq, limited) == (talker.session.seq, False)
            seq, limited = await talker.ask(method, limit=LIMIT)
            assert (seq, limited) == (talker.session.seq, True)

    run(with_desk(test))


def test_one_way_calls_are_run_and_not_answered(run: Run) -> None:
    async def test(talker: Any, desk: Desk) -> None:
        await talker.tell("note", "plain")
        await talker.tell("note_later", "task")
        while len(desk.events) < 2:
            await talker.ask("task")
        assert sorted(desk.events) == ["plain", "task"]

    run(with_desk(test))


def test_a_slow_call_does_not_delay_a_quick_one(run: Run) -> None:
    async def test(talker: Any, desk: Desk) -> None:
        slow = [talker.say("wait"), talker.say("block")]
        assert await talker.ask("task", "quick") == ("loop", "quick")
        assert await talker.ask("plain", "quick") == ("pyrophone-", "quick")
        desk.open.set()
        desk.gate.set()
        replies = [await talker.hear(), await talker.hear()]
        assert sorted(reply.seq for reply in replies) == sorted(slow)

    run(with_desk(test))


def test_a_cancelled_call_is_cancelled_and_answered_once(run: Run) -> None:
    async def test(talker: Any, desk: Desk) -> None:
        seq = talker.say("wait")
        await desk.reached.wait()
        talker.cancel(seq)
        talker.cancel(seq)
        reply = await talker.hear()
        assert reply.seq == seq
        with pytest.raises(CallCancelledError):
            reply.unwrap()
        assert desk.events == ["began", "cancelled"]
        assert await talker.ask("task", 1) == ("loop", 1)

    run(with_desk(test))


def test_a_call_cancelled_at_once_is_answered_though_it_never_ran(run: Run) -> None:
    async def test(talker: Any, desk: Desk) -> None:
        seq = talker.say("wait")
        talker.cancel(seq)  # in the same piece of data
        with pytest.raises(CallCancelledError):
            (await talker.hear()).unwrap()
        assert desk.events == []
        desk.open.set()
        seq = talker.say("wait")
        reply = await talker.hear()
        talker.cancel(seq)  # too late
        assert reply.unwrap() == "let go"
        assert await talker.ask("task", 1) == ("loop", 1)

    run(with_desk(test))


def test_a_method_may_give_a_result_though_it_was_cancelled(run: Run) -> None:
    async def test(talker: Any, desk: Desk) -> None:
        seq = talker.say("stubborn")
        await desk.reached.wait()
        talker.cancel(seq)
        assert (await talker.hear()).unwrap() == "all the same"

    run(with_desk(test))


def test_a_plain_method_sees_that_it_was_cancelled(run: Run) -> None:
    async def test(talker: Any, desk: Desk) -> None:
        seq = talker.say("block")
        while not desk.events:
            await talker.ask("task")
        talker.cancel(seq)
        assert await talker.ask("task", 1) == ("loop", 1)  # so the cancel was read
        desk.gate.set()
        assert (await talker.hear()).unwrap() is True

    run(with_desk(test))


def test_a_plain_method_that_waits_for_a_thread_is_not_run_when_cancelled(run: Run) -> None:
    async def test(talker: Any, desk: Desk) -> None:
        first = talker.say("block")
        second = talker.say("block")
        talker.cancel(second)
        assert await talker.ask("task", 1) == ("loop", 1)
        desk.gate.set()
        replies = {reply.seq: reply for reply in [await talker.hear(), await talker.hear()]}
        assert replies[first].unwrap() is False
        with pytest.raises(CallCancelledError):
            replies[second].unwrap()
        assert desk.events == ["blocked"]

    run(with_desk(test, workers=1))


def test_a_method_ends_with_the_time_of_its_caller(run: Run) -> None:
    async def test(talker: Any, desk: Desk) -> None:
        talker.say("wait", limit=0.02)
        with pytest.raises(DeadlineExceeded):
            (await talker.hear()).unwrap()
        assert desk.events == ["began", "cancelled"]

    run(with_desk(test))


def test_a_call_whose_time_is_over_is_not_run(run: Run) -> None:
    async def test(talker: Any, desk: Desk) -> None:
        for method in ("wait", "block"):
            with pytest.raises(DeadlineExceeded):
                await talker.ask(method, limit=0.0)
        assert desk.events == []

    run(with_desk(test))


def test_a_batch_mixes_both_kinds_and_ends_at_the_first_failure(run: Run) -> None:
    async def test(talker: Any, desk: Desk) -> None:
        def batch(*calls: Any) -> Any:
            session = talker.session
            triples: list[Any] = [(method, args, {}) for method, *args in calls]
            talker.writer.write(session.call("<batch>", triples, None, BATCH))
            return talker.hear()

        reply = await batch(("plain", 1), ("task", 2), ("handed", 3), ("plain", 4))
        assert reply.unwrap() == [
            ("pyrophone-", 1),
            ("loop", 2),
            ("loop", 3),
            ("pyrophone-", 4),
        ]
        for method in ("fail", "fail_later"):
            reply = await batch(("task", 1), (method, "no"), ("note", "never"))
            value, failure = reply.unwrap()
            assert value == ("loop", 1)
            assert isinstance(failure, Failure)
            assert isinstance(failure.error, ValueError)
        with pytest.raises(NotExposedError):
            (await batch(("note", "never"), ("unheard",))).unwrap()
        assert desk.events == []
        desk.reached.clear()
        answer = asyncio.ensure_future(batch(("wait",), ("note", "never")))
        await desk.reached.wait()
        talker.cancel(talker.session.seq)
        with pytest.raises(CallCancelledError):
            (await answer).unwrap()
        assert desk.events == ["began", "cancelled"]

    run(with_desk(test))


def test_what_a_client_had_under_way_ends_with_it(run: Run) -> None:
    async def main() -> None:
        desk = Desk()
        async with Daemon() as daemon:
            uri = await daemon.register(desk)
            async with talking(uri) as talker:
                talker.say("wait")
                talker.say("block")
                await desk.reached.wait()
                (link,) = [client.connection for client in daemon.clients]
            while "cancelled" not in desk.events:
                await asyncio.sleep(0)
            desk.gate.set()
            while link.answering.count:
                await asyncio.sleep(0)
            async with talking(uri) as talker:
                assert await talker.ask("task", 1) == ("loop", 1)

    run(main())


def test_a_client_can_have_only_so_many_calls_under_way(run: Run) -> None:
    async def main() -> None:
        desk = Desk()
        async with Daemon(settings=Settings(calls_per_client=3)) as daemon:
            uri = await daemon.register(desk)
            async with talking(uri) as talker, talking(uri) as other:
                numbers = [talker.say("wait") for _ in range(10)]
                await desk.reached.wait()
                assert await other.ask("task", 1) == ("loop", 1)
                assert desk.events == ["began"] * 3
                desk.open.set()
                assert [(await talker.hear()).seq for _ in range(10)] == numbers

    run(main())


def test_without_features_calls_are_answered_in_their_order(run: Run) -> None:
    async def main() -> None:
        desk = Desk()
        async with Daemon() as daemon:
            uri = await daemon.register(desk)
            async with talking(uri, frozenset()) as talker:
                numbers = [talker.say("wait"), talker.say("task"), talker.say("plain")]
                await desk.reached.wait()
                desk.open.set()
                assert [(await talker.hear()).seq for _ in range(3)] == numbers

    run(main())


@pytest.mark.parametrize("mode", ["session", "single", "percall"])
def test_instances_are_made_beside_the_loop(run: Run, mode: str) -> None:
    made: list[str] = []

    @expose
    @instances(mode)
    class Made:
        def __init__(self) -> None:
            made.append(where())

        async def task(self) -> str:
            return where()

        def plain(self) -> str:
            return where()

    async def main() -> None:
        async with Daemon() as daemon:
            uri = await daemon.register(Made)
            async with talking(uri) as talker:
                for _ in range(2):
                    assert await talker.ask("task") == "loop"
                    assert await talker.ask("plain") == "pyrophone-"

    run(main())
    assert made == ["pyrophone-"] * (4 if mode == "percall" else 1)


def test_the_hook_for_errors_may_replace_them(run: Run) -> None:
    seen: list[Any] = []

    class Judging(Daemon):
        def failed(
            self, client: Any, method: Any, args: Any, kwargs: Any, error: Exception
        ) -> None:
            seen.append((method.__name__, tuple(args), where()))
            raise LookupError("in its place") from None

    async def main() -> None:
        async with Judging() as daemon:
            uri = await daemon.register(Desk())
            async with talking(uri) as talker:
                for method in ("fail", "fail_later"):
                    with pytest.raises(LookupError, match="in its place"):
                        await talker.ask(method, "no")

    run(main())
    assert seen == [("fail", ("no",), "pyrophone-"), ("fail_later", ("no",), "loop")]


def test_who_called_is_not_left_waiting_where_a_hook_fails(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    class Clumsy(Daemon):
        def traceback(self, error: BaseException) -> list[str]:
            raise LookupError("in the hook")

    async def main() -> None:
        async with Clumsy() as daemon:
            uri = await daemon.register(Desk())
            for method in ("fail", "fail_later"):
                async with talking(uri) as talker:
                    talker.say(method, "no")
                    assert await talker.hear() is None

    run(main())
    errors = [str(record.exc_info[1]) for record in caplog.records if record.exc_info]
    assert errors == ["in the hook", "in the hook"]


def test_who_gives_signs_of_life_may_have_to_wait_all_the_same(run: Run) -> None:
    async def main() -> None:
        desk = Desk()
        async with Daemon(settings=Settings(calls_per_client=2)) as daemon:
            uri = await daemon.register(desk)
            async with talking(uri, beat=5.0) as talker:
                numbers = [talker.say("wait"), talker.say("wait")]
                await desk.reached.wait()
                for _ in range(20):
                    numbers.append(talker.say("wait"))
                    await asyncio.sleep(0)
                assert desk.events == ["began"] * 2
                desk.open.set()
                replies = [await talker.hear() for _ in numbers]
                assert sorted(reply.seq for reply in replies) == numbers

    run(main())


def test_a_daemon_that_judges_errors_is_not_told_of_those_of_attributes(run: Run) -> None:
    judged: list[str] = []

    class Judging(Daemon):
        def failed(self, *args: Any, **more: Any) -> None:
            judged.append(args[1].__name__)

    @expose
    class Thing:
        @property
        def level(self) -> int:
            raise LookupError("no level")

        def fail(self) -> None:
            raise LookupError("no luck")

    async def main() -> None:
        async with Judging() as daemon:
            uri = await daemon.register(Thing())
            async with talking(uri) as talker:
                with pytest.raises(LookupError, match="no level"):
                    await talker.ask("__getattr__", "level")
                with pytest.raises(LookupError, match="no luck"):
                    await talker.ask("fail")

    run(main())
    assert judged == ["fail"]


@expose
class Late:
    """Gives streams though nobody wants them any more."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.closed = asyncio.Event()
        self.given: list[Any] = []

    async def stream(self) -> Any:
        self.reached.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.given.append(_Items(self.closed))
        return self.given[0]

    async def ping(self) -> None:
        pass


class _Items:
    def __init__(self, closed: asyncio.Event) -> None:
        self._closed = closed

    def __aiter__(self) -> _Items:
        return self

    async def __anext__(self) -> int:
        raise AssertionError("nobody reads it")

    async def aclose(self) -> None:
        self._closed.set()
        raise LookupError("is nobody's business")


@pytest.mark.parametrize("leave", [True, False])
def test_a_stream_that_comes_too_late_is_closed_unread(run: Run, leave: bool) -> None:
    async def main() -> None:
        late = Late()
        async with Daemon() as daemon:
            uri = await daemon.register(late)
            async with talking(uri) as talker:
                seq = talker.say("stream")
                await late.reached.wait()
                if not leave:
                    talker.cancel(seq)
                    with pytest.raises(CallCancelledError):
                        (await talker.hear()).unwrap()
                    assert await talker.ask("ping") is None
            await late.closed.wait()

    run(main())


def test_a_generator_in_a_batch_is_made_and_refused(run: Run) -> None:
    @expose
    class Source:
        def items(self) -> Any:
            yield 1

        def last(self) -> str:
            return "last"

    async def main() -> None:
        async with Daemon() as daemon:
            uri = await daemon.register(Source())
            async with talking(uri) as talker:
                calls: list[Any] = [("items", (), {}), ("last", (), {})]
                talker.writer.write(talker.session.call("<batch>", calls, None, BATCH))
                with pytest.raises(SerializeError, match="generator"):
                    (await talker.hear()).unwrap()
                assert await talker.ask("last") == "last"

    run(main())
