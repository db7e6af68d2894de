"""What is behind the proxies of both front-ends."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from pyrophone import Settings
from pyrophone.errors import (
    PyrophoneError,
    RemoteProtocolError,
    SecurityError,
    SerializeError,
    StreamError,
)
from pyrophone.frontend.remotes import (
    LineRemote,
    session_to,
    sharing_key,
    stream_error,
    stream_of,
    value_of,
)
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.uri import URI
from pyrophone.wire.dialects import PYRO5
from pyrophone.wire.events import Reply
from pyrophone.wire.states import NEW, OPEN


class Answer:
    """A reply that gives what it is told, or raises it."""

    def __init__(self, value: Any, stream: str | None = None) -> None:
        self.value = value
        self.stream = stream

    def unwrap(self) -> Any:
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


def answer(value: Any, stream: str | None = None) -> Reply:
    return cast(Reply, Answer(value, stream))


class Wire:
    """A connection that notes that it was closed."""

    def __init__(self, features: frozenset[str] | None) -> None:
        self.session: Any = SimpleNamespace(features=features)
        self.closed = False

    def close(self) -> None:
        self.closed = True


def test_variants_have_one_line_and_limits_of_their_own() -> None:
    line = SimpleNamespace(uri=URI.parse("PYRO:x@localhost:9"), settings=Settings())
    first, second = LineRemote(line, 1.0, 2, 3.0), LineRemote(line, None, 0, 0.0)
    assert first.line is second.line
    assert (first.timeout, first.retries, first.patience) == (1.0, 2, 3.0)
    assert first.uri == second.uri == line.uri


def test_connections_are_shared_by_what_is_alike() -> None:
    def key(place: str = "localhost:9", handshake: object = "hello", **more: Any) -> Any:
        uri = URI.parse(f"PYRO:x@{place}")
        return sharing_key(uri, Settings(**more), None, PYRO5, handshake)

    assert key() == key()
    others = [key("localhost:8"), key(handshake="other"), key(timeout=2.0)]
    assert key() not in others
    assert key(handshake=["a list"]) is None


def test_a_conversation_begins_as_the_settings_say() -> None:
    settings = Settings(serializer="json")
    codecs = make_codecs(ClassTable(), settings)
    uri = URI.parse("PYRO:x@localhost:9")
    for greeted, state in ((False, NEW), (True, OPEN)):
        session = session_to(uri, settings, codecs, seq=7, greeted=greeted, dialect=PYRO5)
        assert (session.state, session.seq) == (state, 7)
    assert b'"x"' in session_to(
        uri, settings, codecs, seq=0, greeted=False, dialect=PYRO5
    ).greet("hello")


def test_the_value_of_a_reply_is_what_it_gives_or_raises() -> None:
    wire = Wire(None)
    assert value_of(answer(42), wire) == 42
    with pytest.raises(LookupError):
        value_of(answer(LookupError("x")), wire)
    assert not wire.closed


@pytest.mark.parametrize("error", [SerializeError("x"), SecurityError("x")])
def test_what_makes_a_plain_peer_close_closes_here_too(error: Exception) -> None:
    plain, ours = Wire(None), Wire(frozenset())
    for wire in (plain, ours):
        with pytest.raises(type(error)):
            value_of(answer(error), wire)
    assert (plain.closed, ours.closed) == (True, False)


def test_a_stream_has_an_id_or_is_not_allowed() -> None:
    assert stream_of(answer(None, "7")) == "7"
    with pytest.raises(RemoteProtocolError, match="not configured to allow streaming"):
        stream_of(answer(None))


def test_the_error_of_a_stream_that_is_gone_is_known_by_its_text() -> None:
    text = "item stream terminated"
    gone = stream_error(PyrophoneError(text))
    assert isinstance(gone, StreamError)
    assert str(gone) == text
    assert stream_error(PyrophoneError("something else")) is None
    assert stream_error(SerializeError(text)) is None
