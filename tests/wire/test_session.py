from __future__ import annotations

from typing import Any

import pytest

from conversing import codecs, crossing, feed, joined, streaming, take
from pyrophone.errors import (
    LocalProtocolError,
    MessageTooLargeError,
    RemoteProtocolError,
    SerializeError,
)
from pyrophone.wire.buffers import Pieces
from pyrophone.wire.events import Call, Cancel, Credit, Pong
from pyrophone.wire.features import FEATURES
from pyrophone.wire.flows import MOST_CREDIT
from pyrophone.wire.framing import (
    BATCH,
    CANCEL,
    CREDIT,
    END,
    INVOKE,
    ITEMS,
    KIND_NAMES,
    ONEWAY,
    PING,
    RESULT,
    STREAM,
    Message,
    encode,
    encode_beside,
)
from pyrophone.wire.states import CLOSED, OPEN


def test_a_call_may_be_taken_before_it_is_read() -> None:
    client, server = joined()
    server.lazy = True
    (call,) = feed(server, client.call("add", (1, 2), {}, limit=1.0))
    assert isinstance(call, Call)
    assert (call.method, call.args, call.limit) == ("", (), 1.0)
    server.read(call)
    server.read(call)
    assert (call.object_id, call.method, list(call.args)) == ("demo", "add", [1, 2])
    assert call.unread is None


# What only a hostile peer does.

TWELVE = b"# serpent utf-8 python3.2\n[12]"


def ends() -> tuple[Any, Any]:
    """Return two sessions where call 1 of the client is open at both, and 2 is a ping."""
    client, server = joined()
    feed(server, client.call("slow", (), {}) + client.ping())
    return client, server


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (Message(RESULT, 1, 0, 3, TWELVE), "reply 3 answers no call"),
        (Message(RESULT, 1, 0, 2, TWELVE), "reply 2 answers no call"),
        (Message(RESULT, 1, STREAM, 3, b""), "reply 3 answers no call"),
        (Message(RESULT, 9, 0, 1, TWELVE), "reply in unknown serializer 9"),
        (Message(RESULT, 9, STREAM, 1, b""), "reply in unknown serializer 9"),
        (Message(ITEMS, 1, 0, 3, TWELVE), "items 3 belong to no stream"),
        (Message(ITEMS, 1, END, 3, TWELVE), "items 3 belong to no stream"),
        (Message(ITEMS, 1, END, 1, TWELVE), "items 1 belong to no stream"),
        (Message(ITEMS, 1, END, 2, TWELVE), "items 2 belong to no stream"),
        (Message(PING, 42, 0, 1, b"pong"), "pong 1 answers no ping"),
        (Message(PING, 42, 0, 9, b"pong"), "pong 9 answers no ping"),
    ],
    ids=str,
)
def test_answers_to_nothing_end_the_conversation(message: Message, problem: str) -> None:
    client, _ = ends()
    client.receive(encode(message))
    with pytest.raises(RemoteProtocolError, match=f"^{problem}$"):
        client.next()
    assert client.state == CLOSED


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        ([Message(RESULT, 1, 0, 1, TWELVE)], "reply 1 answers no call"),
        ([Message(RESULT, 1, STREAM, 1, b"")], "reply 1 answers no call"),
        ([Message(ITEMS, 1, 0, 1, TWELVE)], "items 1 exceed the credit of 0 messages"),
        ([Message(ITEMS, 9, END, 1, TWELVE)], "reply in unknown serializer 9"),
        ([Message(ITEMS, 1, END, 1, TWELVE)] * 2, "items 1 belong to no stream"),
        (
            [Message(ITEMS, 1, END, 1, TWELVE), Message(RESULT, 1, 0, 1, TWELVE)],
            "reply 1 answers no call",
        ),
    ],
    ids=str,
)
def test_what_no_stream_does_ends_the_conversation(
    messages: list[Message], problem: str
) -> None:
    client, _, _ = streaming()
    client.receive(b"".join(encode(message) for message in messages))
    with pytest.raises(RemoteProtocolError, match=f"^{problem}$"):
        take(client)
    assert client.state == CLOSED


@pytest.mark.parametrize("abandoned", [False, True])
def test_items_beyond_the_credit_are_refused_abandoned_or_not(abandoned: bool) -> None:
    client, _, _ = streaming()
    client.credit(1, 2)
    if abandoned:
        client.abandon(1)
    data = encode(Message(ITEMS, 1, 0, 1, TWELVE))
    assert len(feed(client, data * 2)) == (0 if abandoned else 2)
    client.receive(data)
    with pytest.raises(
        RemoteProtocolError, match=r"^items 1 exceed the credit of 2 messages$"
    ):
        client.next()


@pytest.mark.parametrize("flags", [0, ONEWAY])
def test_an_open_number_cannot_be_used_again(flags: int) -> None:
    _, server = ends()
    payload = codecs().by_name["serpent"].dumps_call("demo", "again", (), {})
    server.receive(encode(Message(INVOKE, 1, flags, 1, payload)))
    with pytest.raises(RemoteProtocolError, match=r"^call 1 is under way already$"):
        server.next()
    assert server.state == CLOSED


@pytest.mark.parametrize(
    "message",
    [
        Message(CANCEL, 0, 0, 77, b""),
        Message(CREDIT, 0, 0, 77, bytes.fromhex("00000001")),
        Message(CREDIT, 0, 0, 1, bytes.fromhex("00000001")),  # which is no stream
        Message(CREDIT, 0, 0, 1, bytes(4)),
        Message(PING, 42, 0, 1, b"beat"),
    ],
    ids=str,
)
def test_what_may_have_crossed_on_the_way_is_passed_over(message: Message) -> None:
    _, server = ends()
    assert feed(server, encode(message) * 3) == []
    assert (server.state, server.owed) == (OPEN, 1)


def test_a_call_is_cancelled_once_whatever_comes() -> None:
    _, server = ends()
    data = encode(Message(CANCEL, 77, END, 1, b"please"))
    (cancel,) = feed(server, data * 3)
    assert isinstance(cancel, Cancel)
    assert cancel.call.cancelled


def test_more_credit_than_there_is_sense_in_is_not_counted() -> None:
    _, server, call = streaming()
    data = encode(Message(CREDIT, 0, 0, 1, bytes.fromhex("ffffffff")))
    (credit,) = feed(server, data * 3)
    assert isinstance(credit, Credit)
    assert credit.count == call.flow.room == MOST_CREDIT  # type: ignore[union-attr]


@pytest.mark.parametrize("payload", [b"", bytes(3), bytes(5)])
def test_a_malformed_credit_is_refused(payload: bytes) -> None:
    _, server = ends()
    server.receive(encode(Message(CREDIT, 0, 0, 77, payload)))
    with pytest.raises(RemoteProtocolError, match=r"^CREDIT has \d bytes, must be 4$"):
        server.next()
    assert server.state == CLOSED


@pytest.mark.parametrize(
    "chunks",
    [{"LIMT": bytes(7)}, {"LIMT": b""}, {"PATH": b"x" * 4097}, {"PATH": b"\xff"}],
    ids=str,
)
def test_malformed_annotations_of_a_call_are_refused(chunks: dict[str, bytes]) -> None:
    _, server = joined()
    payload = codecs().by_name["serpent"].dumps_call("demo", "add", (), {})
    server.receive(encode(Message(INVOKE, 1, 0, 1, payload, chunks)))
    with pytest.raises(RemoteProtocolError, match=f"^{next(iter(chunks))} (has|is)"):
        server.next()
    assert (server.state, server.owed) == (CLOSED, 0)


def test_annotations_of_features_that_are_not_in_force_are_the_applications() -> None:
    chunks = {"LIMT": b"", "PATH": b"\xff", "FUNC": b"x"}
    client, server = joined(frozenset({"many"}))
    (call,) = feed(server, client.call("a", (), {}, annotations=chunks))
    assert isinstance(call, Call)
    assert (call.annotations, call.limit, call.path) == (chunks, None, "")
    (reply,) = feed(client, server.result(call, 1, annotations=chunks))
    assert reply.annotations == chunks


def test_an_announcement_of_functions_where_there_are_none_is_harmless() -> None:
    client, server = joined()
    server.crossing = crossing()
    payload = codecs().by_name["serpent"].dumps_call("demo", "add", (5,), {})
    data = encode(Message(INVOKE, 1, 0, 1, payload, {"FUNC": b"", "INFO": b"x"}))
    (call,) = feed(server, data)
    assert isinstance(call, Call)
    assert (list(call.args), call.problem, call.annotations) == ([5], None, {"INFO": b"x"})
    client.crossing = crossing()
    client.call("add", (), {})
    (reply,) = feed(client, encode(Message(RESULT, 1, 0, 1, TWELVE, {"FUNC": b"junk"})))
    assert (reply.unwrap(), reply.annotations) == ([12], {})


FUNCTION = b"{'__class__': 'pyrophone.Function', 'id': '1'}"


@pytest.mark.parametrize("chunks", [{}, {"FUNC": b""}], ids=["unannounced", "no crossing"])
def test_a_function_out_of_place_fails_its_own_call_only(chunks: dict[str, bytes]) -> None:
    client, server = joined()
    data = encode(Message(INVOKE, 1, 0, 1, b"('demo','a',(%s,),{})" % FUNCTION, chunks))
    (call,) = feed(server, data)
    assert isinstance(call, Call)
    assert isinstance(call.problem, SerializeError)
    client.call("add", (), {})
    (reply,) = feed(client, encode(Message(RESULT, 1, 0, 1, FUNCTION, chunks)))
    with pytest.raises(
        SerializeError, match="a function came from where none can be called"
    ):
        reply.unwrap()
    assert (client.state, server.state) == (OPEN, OPEN)


def test_without_flow_an_announced_function_is_none() -> None:
    client, _ = joined(frozenset({"many", "limit"}))
    client.crossing = crossing()
    client.call("add", (), {})
    message = Message(RESULT, 1, 0, 1, FUNCTION, {"FUNC": b""})
    (reply,) = feed(client, encode(message))
    with pytest.raises(
        SerializeError, match="a function came from where none can be called"
    ):
        reply.unwrap()


def test_an_answer_that_cannot_be_read_goes_with_its_own_call_only() -> None:
    client, server, call = streaming()
    calls = feed(server, client.call("a", (), {}) + client.call("b", (), {}))
    client.credit(1, 1)
    spoiled = encode(Message(RESULT, 1, 0, 2, b"[")) + encode(Message(ITEMS, 1, 0, 1, b"["))
    reply, portion, good = feed(client, spoiled + server.result(calls[1], "good"))
    for each in (reply, portion):
        with pytest.raises(SerializeError):
            each.unwrap()
    assert good.unwrap() == "good"
    (portion,) = feed(client, server.items(call, [1], last=True))
    assert portion.unwrap() == [1]
    assert client.calls == 0


@pytest.mark.parametrize("payload", [b"5", b"'items'", b"{}", b"None"])
def test_something_else_in_place_of_items_is_refused(payload: bytes) -> None:
    client, _, _ = streaming()
    (portion,) = feed(client, encode(Message(ITEMS, 1, END, 1, payload)))
    with pytest.raises(RemoteProtocolError, match="came in place of items"):
        portion.unwrap()


@pytest.mark.parametrize(
    ("features", "of_client", "of_server"),
    [
        ([], "INVOKE PING", "RESULT PING"),
        (["many", "limit", "beat"], "INVOKE PING", "RESULT PING"),
        (["many", "cancel"], "INVOKE PING CANCEL", "RESULT PING"),
        (["cancel", "flow"], "INVOKE PING", "RESULT PING"),  # they need "many"
        (
            ["many", "flow"],
            "INVOKE PING RESULT CANCEL ITEMS CREDIT",
            "INVOKE PING RESULT CANCEL ITEMS CREDIT",
        ),
    ],
    ids=str,
)
def test_kinds_that_no_feature_allows_are_refused(
    features: list[str], of_client: str, of_server: str
) -> None:
    for receiver, allowed in [(0, of_server), (1, of_client)]:
        for kind, name in KIND_NAMES.items():
            session = joined(frozenset(features))[receiver]
            session.receive(encode(Message(kind, 1, 0, 9, b"12345"))[:40])
            if name in allowed.split():
                assert session.next() is None
                continue
            with pytest.raises(
                RemoteProtocolError, match=f"^invalid message type {name}, "
            ):
                session.next()


def test_without_the_feature_nothing_opens_a_stream_that_flows() -> None:
    client, server = joined(frozenset({"many"}))
    (call,) = feed(server, client.call("a", (), {}))
    with pytest.raises(LocalProtocolError, match="knows no streams that flow"):
        server.flow(call)
    (reply,) = feed(client, encode(Message(RESULT, 1, STREAM, 1, b"")))
    assert (reply.flows, reply.stream, client.calls) == (False, None, 0)


def test_nothing_grows_by_what_a_peer_sends() -> None:
    client, server = joined()
    oneway = codecs().by_name["serpent"].dumps_call("demo", "fire", (), {})
    for number in range(300):
        data = encode(Message(CANCEL, 0, 0, number, b""))
        data += encode(Message(CREDIT, 0, 0, number, bytes(3) + b"\1"))
        data += encode(Message(INVOKE, 1, ONEWAY, number, oneway))
        assert [type(event) for event in feed(server, data)] == [Call]
    assert (server.owed, server.calls, client.calls) == (0, 0, 0)


@pytest.mark.slow
def test_abandoned_numbers_are_as_many_as_there_are_numbers() -> None:
    client, _ = joined()
    for _ in range(0x10000):
        client.call("slow", (), {})
        client.abandon(client.seq)
    assert client.calls == 0x10000
    with pytest.raises(
        LocalProtocolError, match=r"^65536 calls are under way, no number is"
    ):
        client.call("slow", (), {})
    with pytest.raises(
        LocalProtocolError, match=r"^65536 calls are under way, no number is"
    ):
        client.ping()


def test_a_ping_that_nobody_waits_for_is_dropped_when_it_is_answered() -> None:
    client, server = joined()
    (ping,) = feed(server, client.ping())
    assert client.abandon(1) == b""
    assert feed(client, server.pong(ping)) == []
    assert client.calls == 0
    (ping,) = feed(server, client.ping())
    (pong,) = feed(client, server.pong(ping))
    assert isinstance(pong, Pong)


def test_closed_sessions_send_nothing_for_what_is_under_way() -> None:
    client, _, _ = streaming()
    client.close()
    assert client.credit(1, 1) == client.abandon(1) == b""


def test_a_peer_without_features_is_told_nothing() -> None:
    client, server = joined(frozenset())
    assert FEATURES.isdisjoint(client.features or ())
    (call,) = feed(server, client.call("slow", (), {}, limit=1.0, path="x"))
    assert client.abandon(1) == b""
    assert feed(client, server.result(call, "late")) == []
    assert (client.calls, server.owed) == (0, 0)


def test_without_the_feature_pongs_are_taken_as_they_come() -> None:
    client, server = joined(frozenset())
    (ping,) = feed(server, client.ping())
    (pong,) = feed(client, server.pong(ping))
    assert type(pong) is Pong
    (call,) = feed(server, client.call("add", (1, 2), {}))
    assert (call.limit, call.path) == (None, "")


# Buffers.

LARGE = bytes(range(256)) * 64


@pytest.mark.parametrize("serializer", ["serpent", "json", "msgpack"])
@pytest.mark.parametrize("lazy", [False, True])
def test_large_bytes_go_beside_the_text_of_calls_and_answers(
    serializer: str, lazy: bool
) -> None:
    client, server = joined(serializer=serializer)
    server.lazy = lazy
    data = client.call("add", ([LARGE], b"few"), {"more": bytearray(LARGE)})
    assert type(data) is Pieces
    assert any(piece.obj is LARGE for piece in data.head())
    (call,) = feed(server, bytes(data))
    server.read(call)
    assert [*call.args, call.kwargs] == [[LARGE], b"few", {"more": LARGE}]
    assert type(call.kwargs["more"]) is bytearray
    assert call.annotations == {}
    (reply,) = feed(client, bytes(server.result(call, (LARGE,), annotations={"ABCD": b""})))
    assert reply.annotations == {"ABCD": b""}
    assert list(reply.unwrap()) == [LARGE]


def test_with_calls_go_limits_functions_and_correlation_as_ever() -> None:
    client, server = joined()
    client.crossing, server.crossing = crossing(), crossing()
    data = client.call(
        "add", (print, LARGE), {}, limit=2.0, path="here", correlation=bytes(16)
    )
    (call,) = feed(server, bytes(data))
    assert (call.limit, call.path, call.correlation) == (2.0, "here", bytes(16))
    assert (call.args[0].function_id, call.args[1]) == ("1", LARGE)
    (reply,) = feed(
        client, bytes(server.result(call, [LARGE, print], correlation=b"c" * 16))
    )
    assert reply.unwrap()[0] == LARGE


def test_batches_and_items_have_them_too() -> None:
    client, server, call = streaming()
    server.receive(client.credit(call.seq, 1))
    take(server)
    (portion,) = feed(client, bytes(server.items(call, [LARGE, 1], last=True)))
    assert portion.unwrap() == [LARGE, 1]
    data = client.call("<batch>", [("add", (LARGE,), None)], None, BATCH)
    (call,) = feed(server, bytes(data))
    (reply,) = feed(client, bytes(server.result(call, [LARGE])))
    assert reply.unwrap() == [LARGE]


def test_a_message_with_too_much_beside_it_is_not_sent() -> None:
    client, server = joined(max_size=20_000)
    with pytest.raises(MessageTooLargeError):
        client.call("add", (LARGE, bytearray(LARGE)), {})
    assert client.calls == 0
    (call,) = feed(server, bytes(client.call("add", (LARGE,), {})))
    assert call.args[0] == LARGE


def test_buffers_that_nobody_wants_any_more_are_dropped() -> None:
    client, server = joined()
    (call,) = feed(server, client.call("add", (), {}))
    client.abandon(call.seq)
    assert feed(client, bytes(server.result(call, LARGE))) == []
    assert client.decoder.pending == 0


def test_without_the_feature_all_is_in_the_text() -> None:
    for features in (FEATURES - {"buffers"}, FEATURES - {"values"}):
        client, server = joined(features)
        data = client.call("add", (LARGE,), {})
        assert type(data) is bytes
        (call,) = feed(server, data)
        assert type(server.result(call, LARGE)) is bytes


def test_traced_are_messages_with_what_is_beside_them() -> None:
    client, server = joined()
    told: list[Message] = []
    client.trace = lambda _, message: told.append(message)
    (call,) = feed(server, bytes(client.call("add", (LARGE,), {})))
    assert call.args[0] == LARGE
    assert [len(message.buffers) for message in told] == [1]


@pytest.mark.parametrize("number", [-1, 1, None, "0"])
def test_a_form_that_names_no_buffer_fails_its_own_call_only(number: object) -> None:
    _, server = joined()
    form = f"{{'__class__':'pyrophone.Buffer','n':{number!r}}}"
    payload = f"# serpent utf-8 python3.2\n('demo','add',({form},),{{}})".encode()
    message = Message(INVOKE, 1, 0, 1, payload)
    message.lay([memoryview(b"abc")])
    (call,) = feed(server, bytes(encode_beside(message)))
    assert isinstance(call.problem, SerializeError)
    assert server.state == OPEN


def test_buffers_that_are_wrong_end_the_conversation() -> None:
    _, server = joined()
    message = Message(INVOKE, 1, 0, 1, b"", {"BUFS": b"\0\0\0\1"})
    with pytest.raises(RemoteProtocolError, match="BUFS has 4 bytes, needs 13"):
        feed(server, encode(message))
    assert server.state == CLOSED
