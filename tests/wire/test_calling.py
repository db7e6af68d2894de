from __future__ import annotations

from types import SimpleNamespace

import pytest

from conversing import codecs, decode, feed, joined
from pyrophone.errors import (
    LocalProtocolError,
    MessageTooLargeError,
    RemoteProtocolError,
)
from pyrophone.wire.events import Call, Cancel, Ping, Pong, Reply
from pyrophone.wire.framing import CANCEL, PING, Message, encode

MANY = frozenset({"many", "cancel"})


def test_calls_are_answered_in_any_order() -> None:
    client, server = joined(MANY)
    calls = feed(server, client.call("a", (), {}) + client.call("b", (), {}))
    answers = b"".join(server.result(call, call.method) for call in reversed(calls))
    replies = feed(client, answers)
    assert [(reply.seq, reply.unwrap()) for reply in replies] == [(2, "b"), (1, "a")]
    assert (client.calls, server.owed) == (0, 0)


def test_composing_changes_nothing_and_launching_numbers() -> None:
    client, server = joined(MANY)
    first, second = (client.compose(name, (), {}) for name in ("a", "b"))
    assert (client.seq, client.calls) == (0, 0)
    calls = feed(server, client.launch(second) + client.launch(first))
    assert [(call.seq, call.method) for call in calls] == [(1, "b"), (2, "a")]
    assert client.seq == 2


def test_an_abandoned_call_is_cancelled_and_its_answer_dropped() -> None:
    client, server = joined(MANY)
    (call,) = feed(server, client.call("slow", (), {}))
    data = client.abandon(1)
    assert decode(data) == Message(CANCEL, 0, 0, 1, b"")
    assert client.abandon(1) == b""
    (cancel,) = feed(server, data)
    assert isinstance(cancel, Cancel)
    assert isinstance(call, Call)
    assert (cancel.seq, cancel.call, call.cancelled) == (1, call, True)
    assert client.calls == 1
    assert feed(client, server.result(call, "late")) == []
    assert (client.calls, server.owed) == (0, 0)


def test_a_number_is_free_after_its_late_answer() -> None:
    client, server = joined(MANY)
    (call,) = feed(server, client.call("slow", (), {}))
    client.abandon(1)
    feed(client, server.result(call, "late"))
    client.seq = 0
    (call,) = feed(server, client.call("quick", (), {}))
    (reply,) = feed(client, server.result(call, "in time"))
    assert isinstance(reply, Reply)
    assert reply.unwrap() == "in time"


def test_what_nobody_waits_for_cannot_be_abandoned() -> None:
    client, _ = joined(MANY)
    assert client.abandon(7) == b""
    assert client.calls == 0


def test_pings_have_numbers_of_their_own_among_the_calls() -> None:
    client, server = joined(MANY)
    calls = feed(server, client.call("slow", (), {}))
    data = client.ping()
    assert decode(data) == Message(PING, 42, 0, 2, b"ping")
    (ping,) = feed(server, data)
    assert isinstance(ping, Ping)
    (pong,) = feed(client, server.pong(ping))
    assert isinstance(pong, Pong)
    assert (pong.seq, client.calls, len(calls)) == (2, 1, 1)


def test_a_pong_that_answers_no_ping_is_refused() -> None:
    client, _ = joined(MANY)
    client.call("slow", (), {})
    client.receive(encode(Message(PING, 42, 0, 1, b"pong")))
    with pytest.raises(RemoteProtocolError, match=r"^pong 1 answers no ping$"):
        client.next()


def test_time_and_path_go_with_a_call() -> None:
    client, server = joined(frozenset({"limit"}))
    (call,) = feed(server, client.call("a", (), {}, limit=2.5, path="h:1 x.y"))
    assert isinstance(call, Call)
    assert (call.limit, call.path, call.annotations) == (2.5, "h:1 x.y", {})
    (call,) = feed(server, client.call("a", (), {}, annotations={"INFO": b"x"}))
    assert (call.limit, call.path, call.annotations) == (None, "", {"INFO": b"x"})


def test_without_the_feature_neither_goes() -> None:
    client, server = joined(MANY)
    (call,) = feed(server, client.call("a", (), {}, limit=2.5, path="h:1 x.y"))
    assert isinstance(call, Call)
    assert (call.limit, call.path, call.annotations) == (None, "", {})


def test_an_application_cannot_speak_for_the_protocol() -> None:
    client, _ = joined()
    with pytest.raises(
        LocalProtocolError, match=r"^annotation LIMT is the protocol's own$"
    ):
        client.call("a", (), {}, annotations={"LIMT": b""})
    assert client.calls == 0


def test_an_answer_that_is_nothing_but_a_value_is_taken_the_short_way() -> None:
    client, server = joined(MANY)
    call = server.call_in(client.call("a", (1,), {}))
    assert call is not None
    assert (call.seq, call.method, call.args, call.kwargs) == (1, "a", (1,), {})
    payload = client.answer_to(1, server.result(call, 2))
    assert payload is not None
    assert client.value(payload) == 2
    assert (client.calls, server.owed) == (0, 0)


def test_the_short_way_leaves_all_else_as_it_is() -> None:
    client, server = joined(MANY)
    first, second = feed(server, client.call("a", (), {}) + client.call("b", (), {}))
    answer = bytes(server.result(first, 1))
    assert client.answer_to(2, answer) is None
    assert client.answer_to(1, answer + b"P") is None
    assert client.answer_to(1, bytes(server.fault(second, ValueError(), []))) is None
    client.receive(answer[:9])
    assert client.answer_to(1, answer) is None
    client.receive(answer[9:])
    assert isinstance(client.next(), Reply)
    assert client.answer_to(1, answer) is None
    assert client.calls == 1


def test_the_short_way_is_not_for_who_traces_or_was_closed_or_given_up() -> None:
    client, server = joined(MANY)
    call = server.call_in(client.call("a", (), {}))
    assert call is not None
    answer = bytes(server.result(call, 1))
    client.trace = lambda _, message: None
    assert client.answer_to(1, answer) is None
    client.trace = None
    client.abandon(1)
    assert client.answer_to(1, answer) is None
    client.close()
    assert client.answer_to(1, answer) is None
    assert client.calls == 1


def test_a_call_the_short_way_is_one_that_may_come() -> None:
    client, server = joined(MANY)
    data = bytes(client.call("a", (), {}))
    assert server.call_in(data + data) is None
    server.receive(data[:5])
    assert server.call_in(data) is None
    server.receive(data[5:])
    assert isinstance(server.next(), Call)
    assert server.call_in(data) is None  # of that number, one is under way
    server.close()
    assert server.call_in(bytes(client.call("a", (), {}))) is None
    assert server.owed == 1


def test_a_call_that_cannot_be_read_has_its_problem_the_short_way_too() -> None:
    client, server = joined(MANY)
    data = bytes(client.call("a", (), {}))
    call = server.call_in(data[:-1] + b"(")
    assert call is not None
    assert "not a literal" in str(call.problem)
    client.receive(bytes(server.fault(call, call.problem or ValueError(), [])))
    reply = client.next()
    assert isinstance(reply, Reply)
    with pytest.raises(Exception, match="not a literal"):
        reply.unwrap()


class Huge(bytes):
    """As long as it says, without the memory for it."""

    size = 1 << 32

    def __len__(self) -> int:
        return self.size


def test_what_a_header_cannot_tell_of_is_too_large_whatever_the_limit() -> None:
    client, _ = joined(MANY, max_size=1 << 40)
    for plain in (True, False):  # written on the short way, and on the long one
        client.trace = None if plain else lambda way, message: None
        with pytest.raises(MessageTooLargeError) as caught:
            client.launch(Huge())
        assert (caught.value.size, caught.value.limit) == (1 << 32, (1 << 32) - 1)
    assert (client.seq, client.calls) == (0, 0)


def test_a_daemon_that_is_told_of_a_larger_limit_keeps_to_the_header() -> None:
    client, server = joined(MANY)
    (call,) = feed(server, client.call("large", (), {}))
    server.adapt(codecs(), max_size=1 << 40, compress=False)
    call.serializer = SimpleNamespace(id=1, name="serpent", dumps=lambda value: Huge())
    with pytest.raises(MessageTooLargeError) as caught:
        server.result(call, None)
    assert (caught.value.size, caught.value.limit) == (1 << 32, (1 << 32) - 1)
    assert server.owed == 1
