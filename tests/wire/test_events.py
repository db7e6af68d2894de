from __future__ import annotations

import gc
import weakref
from contextlib import suppress
from typing import Any

import pytest

from conversing import CORRELATION, SERIALIZERS, codecs
from pyrophone.errors import RemoteError, RemoteProtocolError, SerializeError
from pyrophone.wire.events import Call, Greeting, Ping, Reply
from pyrophone.wire.framing import CORRELATED, EXCEPTION, INVOKE, RESULT, STREAM, Message

CODECS = codecs()


def reply(value: Any, flags: int = 0, name: str = "serpent", **more: Any) -> Reply:
    serializer = CODECS.by_name[name]
    payload = serializer.dumps(value)
    return Reply(Message(RESULT, serializer.id, flags, 3, payload, **more), serializer)


@pytest.mark.parametrize("name", SERIALIZERS)
def test_a_reply_gives_its_value(name: str) -> None:
    assert reply([1, "two"], name=name).unwrap() == [1, "two"]
    assert reply(None, name=name).unwrap() is None


@pytest.mark.parametrize("name", SERIALIZERS)
def test_a_reply_raises_the_error_that_came(name: str) -> None:
    with pytest.raises(ValueError, match="bad value"):
        reply(ValueError("bad value"), EXCEPTION, name).unwrap()


def test_an_error_that_is_a_result_is_not_raised() -> None:
    error = reply(ValueError("bad value")).unwrap()
    assert (type(error), error.args) == (ValueError, ("bad value",))


def test_an_error_that_was_handled_is_gone_at_once() -> None:
    failed = reply(RemoteError("lab.Hot", (), "99"), EXCEPTION)
    gc.disable()
    try:
        with suppress(RemoteError):
            try:
                failed.unwrap()
            except RemoteError as error:
                gone = weakref.ref(error)
                raise
        assert gone() is None
    finally:
        gc.enable()


def test_something_else_in_place_of_an_error_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match=r"^dict came in place of an exception$"):
        reply({"no": "error"}, EXCEPTION).unwrap()


def test_a_reply_that_cannot_be_read_is_an_error_when_unwrapped() -> None:
    serializer = CODECS.by_name["json"]
    garbage = Reply(Message(RESULT, 3, 0, 3, b"{"), serializer)
    with pytest.raises(SerializeError):
        garbage.unwrap()


@pytest.mark.parametrize(
    ("flags", "annotations", "stream"),
    [
        (EXCEPTION | STREAM, {"STRM": b"an-id"}, "an-id"),
        (EXCEPTION | STREAM, {"STRM": b"\xff"}, "�"),
        (EXCEPTION | STREAM, {"STRM": b""}, None),
        (EXCEPTION | STREAM, {}, None),
        (EXCEPTION, {"STRM": b"an-id"}, None),
    ],
)
def test_a_reply_names_the_stream_that_is_the_result(
    flags: int, annotations: dict[str, bytes], stream: str | None
) -> None:
    assert reply(ValueError(), flags, annotations=annotations).stream == stream


@pytest.mark.parametrize(("flags", "correlation"), [(CORRELATED, CORRELATION), (0, None)])
def test_a_correlation_id_without_its_flag_is_ignored(
    flags: int, correlation: bytes | None
) -> None:
    message = Message(INVOKE, 1, flags, 3, b"", {"INFO": b"x"}, CORRELATION)
    serializer = CODECS.by_name["serpent"]
    call, greeting = (
        Call.of(message, serializer),
        Greeting(message, serializer, "hello", "demo"),
    )
    assert (
        call.correlation == greeting.correlation == Ping(message).correlation == correlation
    )
    assert call.annotations == greeting.annotations == {"INFO": b"x"}
    assert call.seq == greeting.seq == Ping(message).seq == 3
    assert (call.problem, call.args, call.kwargs) == (None, (), {})
