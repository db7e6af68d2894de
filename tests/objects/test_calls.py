from __future__ import annotations

import types
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from conversing import SERIALIZERS, ask, call_of, codecs, decode, feed, greeted
from pyrophone.context import CallContext, Client
from pyrophone.errors import (
    LocalProtocolError,
    NoSuchObjectError,
    NotExposedError,
    RemoteError,
    RemoteProtocolError,
    SerializeError,
)
from pyrophone.objects.calls import Dispatcher, format_remote
from pyrophone.objects.exposure import callback, expose, instances
from pyrophone.objects.streams import StreamTable
from pyrophone.objects.table import ObjectTable
from pyrophone.serializers.classes import Failure
from pyrophone.steps import Invoke
from pyrophone.wire.client import ClientSession
from pyrophone.wire.events import Call, Reply
from pyrophone.wire.framing import BATCH, CORRELATED, EXCEPTION, ONEWAY
from pyrophone.wire.server import ServerSession

CLIENT = Client()
CORRELATION = bytes(range(16))


class WordlessError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


@expose
class Demo:
    made = 0

    def __init__(self) -> None:
        type(self).made += 1
        self.number = 42
        self.calls: list[Any] = []

    @property
    def value(self) -> int:
        return self.number

    @value.setter
    def value(self, number: int) -> None:
        self.number = number

    def add(self, a: int, b: int = 1) -> int:
        self.calls.append((a, b))
        return a + b

    def flood(self, count: int) -> Iterator[int]:
        return (number for number in range(count))

    def boom(self) -> None:
        raise ValueError("bad value", 7)

    def stop(self) -> None:
        raise StopIteration("here")

    def leave(self) -> None:
        raise SystemExit(3)

    def wordless(self) -> None:
        raise WordlessError

    @callback
    def back(self) -> None: ...

    def _hidden(self) -> None: ...


class Changing:
    """What it says is another thing after it was changed."""

    @expose
    def change(self) -> None:
        self.say = lambda: "changed"  # type: ignore[method-assign]

    @expose
    def say(self) -> str:
        return "as it was"


class Setting:
    """A dispatcher with one object, and what it answers to."""

    def __init__(self, target: Any = None, *, streaming: bool = True) -> None:
        self.demo = Demo() if target is None else target
        self.objects = ObjectTable()
        self.objects.register(self.demo, "demo")
        self.streams = StreamTable()
        self.dispatcher = Dispatcher(
            self.objects, self.streams, fail=codecs().failure, streaming=streaming
        )

    def run(self, call: Call) -> Any:
        return self.dispatcher.function(call, CLIENT)(*call.args, **call.kwargs)

    def run_batch(self, args: Any, *, by_steps: bool = True) -> Any:
        """Return what a batch gives, run as a driver does, or at once."""
        call = call_of(args=args, flags=BATCH)
        if not by_steps:
            return self.dispatcher.run_batch(call, CLIENT, None, settled)
        running = self.dispatcher.batch(call, CLIENT)
        step = self.send(running.send, None)
        while isinstance(step, Invoke):
            try:
                result = step.function(*step.args, **step.kwargs)
            except Exception as error:
                step = self.send(running.throw, error)
            else:
                step = self.send(running.send, result)
        return step

    def send(self, send: Any, value: Any) -> Any:
        try:
            return send(value)
        except StopIteration as stop:
            return stop.value


def settled(value: Any) -> Any:
    """Return what stands for a value that is not just data."""
    assert type(value) not in (int, type(None))
    return "settled", value


def context(correlation: bytes | None = None, **annotations: bytes) -> CallContext:
    context = CallContext(CLIENT, 1, 0, "serpent", {}, correlation)
    context.reply_annotations.update(annotations)
    return context


# Functions.


@pytest.mark.parametrize("name", SERIALIZERS)
def test_a_call_is_run_with_its_arguments(name: str) -> None:
    setting = Setting()
    assert setting.run(call_of(name, args=(2,), kwargs={"b": 3})) == 5
    assert setting.demo.calls == [(2, 3)]


@pytest.mark.parametrize("name", SERIALIZERS)
def test_attributes_are_read_and_written(name: str) -> None:
    setting = Setting()
    assert setting.run(call_of(name, method="__getattr__", args=("value",))) == 42
    assert setting.run(call_of(name, method="__setattr__", args=("value", 7))) is None
    assert setting.demo.number == 7


@pytest.mark.parametrize(
    ("method", "args", "problem"),
    [
        ("ad", (), "unknown remote attribute 'ad' of Demo, did you mean 'add'?"),
        ("value", (), "unknown remote attribute 'value' of Demo"),
        ("number", (), "unknown remote attribute 'number' of Demo"),
        ("_hidden", (), "attempt to access private attribute '_hidden'"),
        ("__init__", (), "attempt to access private attribute '__init__'"),
        ("__delattr__", ("value",), "attempt to access private attribute '__delattr__'"),
        ("__getattr__", ("add",), "unknown remote attribute 'add' of Demo"),
        ("__getattr__", ("_hidden",), "attempt to access private attribute '_hidden'"),
        ("__getattr__", ("__class__",), "attempt to access private attribute '__class__'"),
        ("__getattr__", ("valeu",), "'valeu' of Demo, did you mean 'value'?"),
        ("__getattr__", (5,), "a member's name is a text, not int"),
        ("__getattr__", ([1],), "a member's name is a text, not list"),
        ("__setattr__", ("number", 1), "unknown remote attribute 'number' of Demo"),
        ("__setattr__", ({}, 1), "a member's name is a text, not dict"),
    ],
)
def test_what_is_not_exposed_is_refused(method: str, args: Any, problem: str) -> None:
    with pytest.raises(NotExposedError) as caught:
        Setting().run(call_of(method=method, args=args))
    assert str(caught.value).endswith(problem)


@pytest.mark.parametrize(
    ("method", "args"), [("__getattr__", ()), ("__setattr__", ("value",)), ("add", ())]
)
def test_missing_arguments_are_a_type_error(method: str, args: Any) -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        Setting().run(call_of(method=method, args=args))


def test_an_unknown_object_is_refused() -> None:
    with pytest.raises(NoSuchObjectError, match=r"'dmeo', did you mean 'demo'\?$"):
        Setting().run(call_of(object_id="dmeo"))
    with pytest.raises(NoSuchObjectError, match=r"^unknown object 'nosuch'$"):
        Setting().dispatcher.batch(call_of(object_id="nosuch", flags=BATCH), CLIENT).send(
            None
        )


def test_no_instance_is_made_for_a_call_that_is_refused() -> None:
    counted: Any = instances("percall")(type("Counted", (Demo,), {"made": 0}))
    setting = Setting(counted)
    with pytest.raises(NotExposedError):
        setting.run(call_of(method="nothing"))
    with pytest.raises(NotExposedError):
        setting.run_batch([("add", (1,), {}), ("nothing", (), {})])
    assert counted.made == 0
    assert setting.run_batch([("add", (1,), {}), ("add", (2,), {})]) == [2, 3]
    assert counted.made == 1


@pytest.mark.parametrize("flags", [0, BATCH])
def test_a_call_that_could_not_be_read_raises_its_problem(flags: int) -> None:
    call = call_of(flags=flags)
    call.problem = SerializeError("unreadable")
    dispatcher = Setting().dispatcher
    look = (
        dispatcher.function if not flags else lambda *of: dispatcher.batch(*of).send(None)
    )
    with pytest.raises(SerializeError, match=r"^unreadable$"):
        look(call, CLIENT)


# Batches: each rule holds for both ways to run one.

ways = pytest.mark.parametrize("by_steps", [True, False])


@ways
def test_a_batch_runs_in_order(by_steps: bool) -> None:
    setting = Setting()
    calls = [("add", (1,), {}), ["add", [2], {"b": 3}]]
    assert setting.run_batch(calls, by_steps=by_steps) == [2, 5]
    assert setting.demo.calls == [(1, 1), (2, 3)]


@ways
def test_an_empty_batch_gives_an_empty_list(by_steps: bool) -> None:
    assert Setting().run_batch([], by_steps=by_steps) == []


@ways
def test_keywords_in_a_batch_may_be_null(by_steps: bool) -> None:
    assert Setting().run_batch([("add", (1,), None)], by_steps=by_steps) == [2]


def test_what_is_not_just_data_is_settled_before_the_next_call_is_made() -> None:
    def settle(value: Any) -> Any:
        seen.append((type(value), len(setting.demo.calls)))
        return "settled"

    setting = Setting()
    seen: list[Any] = []
    calls: Any = [("flood", (2,), {}), ("add", (1,), {}), ("flood", (1,), {})]
    call = call_of(args=calls, flags=BATCH)
    results = setting.dispatcher.run_batch(call, CLIENT, None, settle)
    assert results == ["settled", 2, "settled"]
    assert seen == [(types.GeneratorType, 0), (types.GeneratorType, 1)]


def test_what_cannot_be_settled_is_the_failure_of_its_call() -> None:
    def settle(value: Any) -> Any:
        raise ValueError("not to be had")

    call = call_of(args=[("flood", (2,), {}), ("add", (1,), {})], flags=BATCH)
    setting = Setting()
    (failure,) = setting.dispatcher.run_batch(call, CLIENT, None, settle)
    assert str(failure.error) == "not to be had"
    assert setting.demo.calls == []


@ways
def test_a_call_of_a_batch_sees_what_the_one_before_has_changed(by_steps: bool) -> None:
    calls: Any = [("say", (), {}), ("change", (), {}), ("say", (), {})]
    results = Setting(Changing()).run_batch(calls, by_steps=by_steps)
    assert results == ["as it was", None, "changed"]


@ways
@pytest.mark.parametrize(
    ("method", "cls"),
    [
        ("boom", ValueError),
        ("stop", StopIteration),
        ("wordless", WordlessError),
        ("add", TypeError),
    ],
)
def test_a_batch_stops_at_the_first_failure(
    method: str, cls: type[Exception], by_steps: bool
) -> None:
    setting = Setting()
    calls: Any = [("add", (1,), {}), (method, (), {}), ("add", (2,), {})]
    first, failure = setting.run_batch(calls, by_steps=by_steps)
    assert (first, type(failure), type(failure.error)) == (2, Failure, cls)
    assert failure.traceback[0] == "Traceback (most recent call last):\n"
    assert setting.demo.calls == [(1, 1)]


def test_a_judge_is_told_of_the_failed_call_and_may_replace_its_error() -> None:
    def judge(function: Any, args: Any, kwargs: Any, error: Exception) -> None:
        told.append((function.__name__, args, kwargs, type(error)))
        raise LookupError("in its place")

    told: list[Any] = []
    call = call_of(args=[("boom", (), {}), ("add", (1,), {})], flags=BATCH)
    (failure,) = Setting().dispatcher.run_batch(call, CLIENT, judge, settled)
    assert (type(failure.error), str(failure.error)) == (LookupError, "in its place")
    assert told == [("boom", (), {}, ValueError)]


@ways
def test_a_process_level_error_is_no_failure(by_steps: bool) -> None:
    with pytest.raises(SystemExit):
        Setting().run_batch([("leave", (), {})], by_steps=by_steps)


@ways
@pytest.mark.parametrize(
    ("second", "error", "problem"),
    [
        (("nothing", (), {}), NotExposedError, "attribute 'nothing' of Demo"),
        (("_hidden", (), {}), NotExposedError, "private attribute '_hidden'"),
        (
            ("__getattr__", ("value",), {}),
            NotExposedError,
            "private attribute '__getattr__'",
        ),
        ((5, (), {}), NotExposedError, "a member's name is a text, not int"),
        (([1], (), {}), NotExposedError, "a member's name is a text, not list"),
        (("add", ()), SerializeError, "call 2 of the batch is no (method, args, kwargs)"),
        ("add", SerializeError, "call 2 of the batch is no (method, args, kwargs)"),
        (None, SerializeError, "call 2 of the batch is no (method, args, kwargs)"),
        (("add", 5, {}), SerializeError, "call 2 of the batch has unusable arguments"),
        (("add", (), [1]), SerializeError, "call 2 of the batch has unusable arguments"),
    ],
)
def test_a_batch_with_an_unusable_call_does_not_run_at_all(
    second: Any, error: type[Exception], problem: str, by_steps: bool
) -> None:
    setting = Setting()
    with pytest.raises(error) as caught:
        setting.run_batch([("add", (1,), {}), second], by_steps=by_steps)
    assert str(caught.value).endswith(problem)
    assert setting.demo.calls == []


@ways
def test_what_is_no_call_counts_before_what_may_not_be_called(by_steps: bool) -> None:
    with pytest.raises(SerializeError, match=r"^call 2 of the batch is no"):
        Setting().run_batch([("nothing", (), {}), 5], by_steps=by_steps)


# Answers.


def answered(
    setting: Setting, value: Any, flags: int = 0, **more: Any
) -> tuple[bytes, ClientSession]:
    client, session = greeted()
    call = ask(client, session, "add", (), {}, flags)
    about = context(**more)
    return setting.dispatcher.reply(session, call, value, about, 0.0), client


def test_a_reply_carries_annotations_and_the_id_if_there_is_one() -> None:
    data, client = answered(Setting(), [1], correlation=CORRELATION, INFO=b"x")
    message = decode(data)
    assert (message.flags, message.correlation) == (CORRELATED, CORRELATION)
    (reply,) = feed(client, data)
    assert (reply.unwrap(), reply.annotations) == ([1], {"INFO": b"x"})
    assert decode(answered(Setting(), [1])[0]).flags == 0


def test_an_iterator_stays_here() -> None:
    setting = Setting()
    data, client = answered(setting, iter([7]), correlation=CORRELATION, INFO=b"x")
    assert decode(data).correlation == CORRELATION
    (reply,) = feed(client, data)
    assert reply.annotations == {"INFO": b"x"}
    assert len(setting.streams) == 1
    assert setting.streams.next_item(reply.stream, CLIENT) == 7


def test_a_list_is_no_iterator() -> None:
    setting = Setting()
    (reply,) = feed(*reversed(answered(setting, [7])))  # type: ignore[arg-type]
    assert (reply.stream, reply.unwrap(), len(setting.streams)) == (None, [7], 0)


def test_without_streaming_an_iterator_is_an_error() -> None:
    setting = Setting(streaming=False)
    data, client = answered(setting, iter([7]))
    (reply,) = feed(client, data)
    assert (reply.stream, len(setting.streams)) == (None, 0)
    with pytest.raises(RemoteProtocolError, match=r"^result of call is an iterator$"):
        reply.unwrap()


def test_a_oneway_call_keeps_no_stream() -> None:
    setting = Setting()
    assert answered(setting, iter([7]), ONEWAY)[0] == b""
    assert len(setting.streams) == 0


def test_attributes_that_are_iterators_need_not_be_streams() -> None:
    setting = Setting()
    for method, streams in (("__getattr__", 0), ("add", 1)):
        client, session = greeted()
        call = ask(client, session, method, ("wick",), {})
        setting.dispatcher.stream_attributes = False
        with suppress(SerializeError):
            setting.dispatcher.reply(session, call, iter([7]), context(), 0.0)
        assert len(setting.streams) == streams
    setting.dispatcher.stream_attributes = True
    client, session = greeted()
    call = ask(client, session, "__getattr__", ("wick",), {})
    setting.dispatcher.reply(session, call, iter([7]), context(), 0.0)
    assert len(setting.streams) == 2


def test_iterators_in_a_batch_are_no_streams() -> None:
    setting = Setting()
    with pytest.raises(SerializeError, match="list_iterator"):
        answered(setting, [iter([7])], BATCH)
    assert len(setting.streams) == 0


def faulted(error: BaseException) -> Reply:
    client, session = greeted()
    call = ask(client, session, "add", (), {})
    about = context(CORRELATION, INFO=b"x")
    data = Setting().dispatcher.fault(session, call, error, about)
    (reply,) = feed(client, data)
    assert (reply.flags, reply.annotations) == (EXCEPTION | CORRELATED, {"INFO": b"x"})
    return reply


def raised(function: Any) -> BaseException:
    try:
        function()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def test_a_fault_carries_error_traceback_annotations_and_id() -> None:
    error = raised(faulted(raised(Demo().boom)).unwrap)
    assert (type(error), error.args) == (ValueError, ("bad value", 7))
    (note,) = error.__notes__
    assert note.startswith("Remote traceback:\nTraceback (most recent call last):\n")
    assert note.endswith("ValueError: ('bad value', 7)")
    assert "in boom" in note


@pytest.mark.parametrize("function", [Demo().leave, Demo().wordless])
def test_errors_in_odd_places_arrive_too(function: Any) -> None:
    error = raised(function)
    back = raised(faulted(error).unwrap)
    assert isinstance(back, RemoteError)
    assert back.class_name.endswith(type(error).__name__)


def test_callbacks_are_known() -> None:
    dispatcher = Setting().dispatcher
    assert dispatcher.is_callback(call_of(method="back"))
    assert not dispatcher.is_callback(call_of(method="add"))


# Tracebacks.


def from_the_library(error: BaseException) -> BaseException:
    """Return *error* with a traceback that begins in the library, as in a daemon."""
    frame = error.__traceback__
    while frame is not None and "pyrophone" not in frame.tb_frame.f_code.co_filename:
        frame = frame.tb_next
    while frame is not None and frame.tb_frame.f_globals["__name__"] == __name__:
        frame = frame.tb_next
    return error.with_traceback(frame)


def test_frames_of_the_library_that_led_to_the_users_code_are_left_out() -> None:
    class Failing(Demo):
        def __init__(self) -> None:
            raise ValueError("made")

    setting = Setting(Failing)
    error = from_the_library(raised(lambda: setting.run(call_of(args=(1,)))))
    assert error.__traceback__
    assert error.__traceback__.tb_frame.f_code.co_name == "function"
    heading, frame, last = format_remote(error)
    assert heading == "Traceback (most recent call last):\n"
    assert 'test_calls.py", line' in frame
    assert 'raise ValueError("made")' in frame
    assert last == "ValueError: made\n"


def test_an_error_of_the_library_itself_keeps_its_frames() -> None:
    error = from_the_library(raised(lambda: Setting().objects.find("nosuch")))
    heading, frame, last = format_remote(error)
    assert heading == "Traceback (most recent call last):\n"
    assert "in find\n" in frame
    assert last.endswith("unknown object 'nosuch'\n")


def test_an_error_without_traceback_is_one_line() -> None:
    assert format_remote(ValueError("bad")) == ["ValueError: bad\n"]


def test_an_error_whose_text_fails_has_still_its_name() -> None:
    (line,) = format_remote(WordlessError())
    assert line.endswith("WordlessError: <exception str() failed>\n")


class HostileError(Exception):
    def __getattribute__(self, name: str) -> Any:
        if name == "__cause__":
            raise RuntimeError("no cause")
        return super().__getattribute__(name)


def test_an_error_that_cannot_be_formatted_has_still_its_name() -> None:
    assert format_remote(HostileError()) == [
        "HostileError: (its traceback can't be formatted)\n"
    ]


@pytest.mark.parametrize("name", SERIALIZERS)
def test_a_batch_with_a_failure_travels(name: str) -> None:
    client, session = greeted(name)
    setting = Setting()
    triples: Any = [("add", (1,), {}), ("boom", (), {})]
    call = ask(client, session, "<batch>", triples, None, BATCH)
    results = setting.run_batch(call.args)
    data = setting.dispatcher.reply(session, call, results, context(), 0.0)
    (reply,) = feed(client, data)
    first, failure = reply.unwrap()
    assert (first, type(failure.error)) == (2, ValueError)


def test_a_session_that_is_closed_gives_no_answer() -> None:
    session = ServerSession(codecs(), greeted=True)
    session.close()
    with pytest.raises(LocalProtocolError, match=r"^session is closed$"):
        Setting().dispatcher.reply(session, call_of(), 1, context(), 0.0)
