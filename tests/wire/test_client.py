from __future__ import annotations

import marshal
from typing import Any

import pytest

from conversing import (
    CORRELATION,
    FROM_CLIENT,
    FROM_SERVER,
    MESSAGE_VECTORS,
    SERIALIZERS,
    ask,
    codecs,
    decode,
    feed,
    greeted,
    greeting_of,
    take,
    vector_bytes,
    vector_message,
    vector_value,
)
from pyrophone.errors import (
    LocalProtocolError,
    MessageTooLargeError,
    ProtocolError,
    PyrophoneError,
    RemoteProtocolError,
    SerializeError,
)
from pyrophone.serializers.classes import Failure
from pyrophone.wire.blobs import Blob
from pyrophone.wire.client import ClientSession
from pyrophone.wire.events import Pong, Refusal, Reply, Welcome
from pyrophone.wire.framing import (
    BATCH,
    BLOB,
    COMPRESSED,
    CONNECT,
    CONNECT_FAIL,
    CONNECT_OK,
    CORRELATED,
    EXCEPTION,
    INVOKE,
    ONEWAY,
    PING,
    RESULT,
    STREAM,
    Message,
    encode,
)
from pyrophone.wire.metadata import Metadata
from pyrophone.wire.server import ServerSession
from pyrophone.wire.states import CLOSED, GREETING, NEW, OPEN

MEMBERS = Metadata(frozenset({"add", "fire"}), frozenset({"fire"}), frozenset({"value"}))

# Vectors that we write with other bytes of the same meaning, and why.
MARSHAL = {name for name in FROM_CLIENT if vector_message(name).serializer_id == 2}
INFLATED = {
    "compressed_call_serpent",
    "compressed_annotated_call",
}  # zlib is free to differ
MARSHAL_ADDRESS = {"blob_call_serpent"}  # an annotation in marshal: reference flags differ


def written(name: str) -> bytes:
    """Return what our session writes for a vector that clients send."""
    message = vector_message(name)
    value: Any = vector_value(name) if name != "ping" else None
    serializers = codecs(bytes_repr=name == "call_bytes_serpent_repr")
    options: dict[str, Any] = {
        "compress": name.startswith("compress"),
        "features": None,
        "serializer": getattr(
            serializers.by_id.get(message.serializer_id), "name", "serpent"
        ),
    }
    more: dict[str, Any] = {
        "annotations": message.annotations,
        "correlation": message.correlation if message.flags & CORRELATED else None,
    }
    if message.kind == CONNECT:
        session = ClientSession(value["object"], serializers, seq=message.seq, **options)
        return session.greet(value["handshake"], **more)
    session = ClientSession(
        "demo", serializers, seq=(message.seq - 1) % 65536, greeted=True, **options
    )
    if message.kind == PING:
        return session.ping(correlation=more["correlation"])
    object_id, method, args, kwargs = value.values() if isinstance(value, dict) else value
    if name == "call_bytes_serpent_base64":
        args = (b"\x00\x01\xfe\xff",)
    if message.flags & BLOB:
        args = (Blob("some info", args),)
        more["annotations"] = {}
    flags = message.flags & (ONEWAY | BATCH)
    data = session.call(method, args, kwargs, flags, object_id=object_id, **more)
    assert session.seq == message.seq
    return data


@pytest.mark.parametrize("name", FROM_CLIENT)
def test_a_vector_is_written(name: str) -> None:
    ours, theirs = written(name), vector_bytes(name)
    if name in MARSHAL:
        assert ours[:12] + ours[16:40] == theirs[:12] + theirs[16:40]
        assert marshal.loads(ours[40:]) == marshal.loads(theirs[40:])
    elif name in MARSHAL_ADDRESS:
        message, expected = decode(ours), vector_message(name)
        address = marshal.loads(message.annotations["BLBI"])
        assert address == ("some info", "demo", "blob")
        message.annotations = expected.annotations
        assert message == expected
    elif name in INFLATED:
        assert ours[9] & theirs[9] & COMPRESSED
        assert decode(ours) == decode(theirs)
    else:
        assert ours == theirs


def received(name: str) -> Any:
    """Return the event that a vector makes which servers send."""
    message = vector_message(name)
    session = ClientSession(
        "demo", codecs(), greeted=message.kind not in (CONNECT_OK, CONNECT_FAIL)
    )
    if session.state == NEW:
        session.greet()
    else:  # a call of that number is under way
        session.seq = (message.seq - 1) % 65536
        session.call("any", (), {})
    (event,) = feed(session, vector_bytes(name))
    return event


@pytest.mark.parametrize("name", FROM_SERVER)
def test_a_vector_is_read(name: str) -> None:
    event, message = received(name), vector_message(name)
    if message.kind == PING:
        assert type(event) is Pong
        return
    assert event.annotations == {
        k: v for k, v in message.annotations.items() if k != "STRM"
    }
    value = vector_value(name)
    if message.kind == CONNECT_FAIL:
        assert (type(event), event.text) == (Refusal, value)
    elif message.kind == CONNECT_OK:
        assert (type(event), event.handshake) == (Welcome, value["handshake"])
        assert event.metadata == Metadata.from_wire(value["meta"])
    else:
        assert (type(event), event.seq) == (Reply, message.seq)
        assert_same_outcome(event, message.flags, value)


def assert_same_outcome(reply: Reply, flags: int, value: Any) -> None:
    if flags & STREAM:
        assert reply.stream == "5ba7a1f0-0000-4000-8000-000000000001"
    if flags & EXCEPTION:
        with pytest.raises((PyrophoneError, StopIteration, ValueError)) as caught:
            reply.unwrap()
        assert_same_error(caught.value, value)
    elif flags & BATCH and isinstance(value[-1], Failure):
        *results, failure = reply.unwrap()
        assert results == value[:-1]
        assert_same_error(failure.error, value[-1].error)
    elif isinstance(value, dict) and value.get("__class__") == "Pyro5.client.Proxy":
        with pytest.raises(SerializeError, match=r"class: Pyro5\.client\.Proxy"):
            reply.unwrap()  # what a proxy is, only front-ends know
    else:
        assert reply.unwrap() == value


def assert_same_error(error: BaseException, expected: Any) -> None:
    assert (type(error), error.args) == (type(expected), expected.args)
    lines = expected._pyroTraceback
    assert getattr(error, "__notes__", []) == (
        ["Remote traceback:\n" + "".join(lines).rstrip()] if lines else []
    )


def test_every_vector_is_written_or_read() -> None:
    assert len(FROM_CLIENT) + len(FROM_SERVER) == len(MESSAGE_VECTORS) - 1 == 144
    assert len(MARSHAL | INFLATED | MARSHAL_ADDRESS) == 4 + 2 + 1


# Greeting.


@pytest.mark.parametrize("name", SERIALIZERS)
def test_a_greeting_is_answered_with_a_welcome(name: str) -> None:
    client, server = (
        ClientSession("demo", codecs(), serializer=name),
        ServerSession(codecs()),
    )
    data = client.greet({"user": 1}, annotations={"INFO": b"x"}, correlation=CORRELATION)
    assert client.state == GREETING
    greeting = greeting_of(server, data)
    assert (greeting.handshake, greeting.object_id) == ({"user": 1}, "demo")
    assert greeting.annotations == {"INFO": b"x"}
    assert (greeting.correlation, greeting.seq) == (CORRELATION, 0)
    (welcome,) = feed(client, server.welcome(greeting, [7], MEMBERS, {"BACK": b"y"}))
    assert type(welcome) is Welcome
    assert (welcome.handshake, welcome.metadata) == ([7], MEMBERS)
    assert welcome.annotations == {"BACK": b"y"}
    assert client.state == server.state == OPEN


@pytest.mark.parametrize("name", SERIALIZERS)
def test_a_greeting_may_be_refused(name: str) -> None:
    client, server = (
        ClientSession("demo", codecs(), serializer=name),
        ServerSession(codecs()),
    )
    greeting = greeting_of(server, client.greet())
    (refusal,) = feed(client, server.refuse("go away é", greeting, {"INFO": b"x"}))
    assert (type(refusal), refusal.text) == (Refusal, "go away é")
    assert refusal.annotations == {"INFO": b"x"}
    assert client.state == CLOSED


@pytest.mark.parametrize(
    ("payload", "serializer_id", "text"),
    [
        (b"", 1, ""),
        (b"\xfa\x07go away", 2, "go away"),  # marshal, whatever the greeting was in
        (b'{"reason": 1}', 3, "{'reason': 1}"),
    ],
)
def test_a_refusal_may_hold_anything(payload: bytes, serializer_id: int, text: str) -> None:
    client = ClientSession("demo", codecs())
    client.greet()
    data = encode(Message(CONNECT_FAIL, serializer_id, 0, 99, payload))
    assert [refusal.text for refusal in feed(client, data)] == [text]


@pytest.mark.parametrize(
    ("kind", "serializer_id", "payload", "problem"),
    [
        (CONNECT_OK, 9, b"{}", "greeting in unknown serializer 9"),
        (CONNECT_OK, 3, b"[]", "the greeting was answered with no mapping"),
        (CONNECT_OK, 3, b"", "the greeting was answered with no mapping"),
        (CONNECT_OK, 3, b"{", "unreadable answer to the greeting: "),
        (
            CONNECT_OK,
            3,
            b'{"__class__": "__main__.X"}',
            "unreadable answer to the greeting: ",
        ),
        (CONNECT_OK, 3, b'{"meta": [1]}', "metadata is list, not a mapping"),
        (CONNECT_FAIL, 9, b"", "greeting in unknown serializer 9"),
        (
            RESULT,
            3,
            b"1",
            "invalid message type RESULT, expected CONNECT_OK or CONNECT_FAIL",
        ),
        (
            PING,
            42,
            b"pong",
            "invalid message type PING, expected CONNECT_OK or CONNECT_FAIL",
        ),
        (
            CONNECT,
            3,
            b"{}",
            "invalid message type CONNECT, expected CONNECT_OK or CONNECT_F",
        ),
    ],
)
def test_a_wrong_answer_to_the_greeting_closes_the_session(
    kind: int, serializer_id: int, payload: bytes, problem: str
) -> None:
    client = ClientSession("demo", codecs())
    client.greet()
    client.receive(encode(Message(kind, serializer_id, 0, 0, payload)))
    with pytest.raises(RemoteProtocolError) as caught:
        client.next()
    assert str(caught.value).startswith(problem)
    assert client.state == CLOSED
    with pytest.raises(LocalProtocolError, match=r"^session is closed$"):
        client.call("add", (), {})


@pytest.mark.parametrize("payload", [b"{}", b'{"meta": null}', b'{"meta": {}, "more": 1}'])
def test_a_welcome_may_tell_nothing(payload: bytes) -> None:
    client = ClientSession("demo", codecs())
    client.greet()
    (welcome,) = feed(client, encode(Message(CONNECT_OK, 3, 0, 0, payload)))
    assert (welcome.handshake, welcome.metadata) == (None, Metadata())
    assert client.state == OPEN


def test_a_greeting_carries_the_number_of_the_last_call() -> None:
    client = ClientSession("demo", codecs(), seq=41)
    assert decode(client.greet()).seq == 41
    assert client.seq == 41


def test_a_second_greeting_is_refused_here() -> None:
    client = ClientSession("demo", codecs())
    client.greet()
    with pytest.raises(LocalProtocolError, match=r"^session is greeting$"):
        client.greet()


def test_an_unserializable_handshake_changes_nothing() -> None:
    client = ClientSession("demo", codecs(), serializer="json")
    with pytest.raises(SerializeError):
        client.greet(object())
    assert client.state == NEW


def test_before_the_welcome_nothing_can_be_sent() -> None:
    client = ClientSession("demo", codecs())
    with pytest.raises(LocalProtocolError, match=r"^session is new$"):
        client.call("add", (1,), {})
    client.greet()
    with pytest.raises(LocalProtocolError, match=r"^session is greeting$"):
        client.call("add", (1,), {})
    with pytest.raises(LocalProtocolError, match=r"^session is greeting$"):
        client.ping()


def test_without_a_greeting_nothing_may_arrive() -> None:
    client = ClientSession("demo", codecs())
    client.receive(encode(Message(CONNECT_OK, 3, 0, 0, b"{}")))
    with pytest.raises(RemoteProtocolError, match="type CONNECT_OK, expected none"):
        client.next()


def test_an_unknown_serializer_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(
        ValueError, match=r"'pickle' is none of serpent, marshal, json, msgpack"
    ):
        ClientSession("demo", codecs(), serializer="pickle")


# Features.


@pytest.mark.parametrize(
    ("offered", "supported", "agreed"),
    [
        ({"many", "beat"}, {"many", "flow"}, {"many"}),
        ({"many"}, set(), set()),
        (set(), {"many"}, set()),
        (None, {"many"}, None),
    ],
)
def test_both_ends_agree_on_what_both_know(
    offered: set[str] | None, supported: set[str], agreed: set[str] | None
) -> None:
    client = ClientSession(
        "demo", codecs(), features=None if offered is None else frozenset(offered)
    )
    server = ServerSession(codecs(), supported=frozenset(supported))
    greeting = greeting_of(server, client.greet())
    answer = server.welcome(greeting, "hello", MEMBERS)
    (welcome,) = feed(client, answer)
    assert client.features == server.features == agreed
    listed = None if agreed is None else ",".join(agreed).encode()
    assert decode(answer).annotations.get("PHON") == listed
    assert greeting.annotations == welcome.annotations == {}


@pytest.mark.parametrize(
    ("offered", "agreed"), [(None, None), (frozenset({"many"}), frozenset({"many"}))]
)
def test_a_server_cannot_switch_on_what_was_not_offered(
    offered: frozenset[str] | None, agreed: frozenset[str] | None
) -> None:
    client = ClientSession("demo", codecs(), features=offered)
    client.greet()
    feed(client, encode(Message(CONNECT_OK, 3, 0, 0, b"{}", {"PHON": b"beat,many"})))
    assert client.features == agreed


def test_a_peer_without_features_speaks_plain_502() -> None:
    client = ClientSession("demo", codecs(), features=frozenset({"many"}))
    client.greet()
    feed(client, encode(Message(CONNECT_OK, 3, 0, 0, b"{}")))
    assert client.features is None


# Calls.


@pytest.mark.parametrize("name", SERIALIZERS)
def test_a_call_arrives_as_it_was_made(name: str) -> None:
    client, server = greeted(name)
    call = ask(
        client,
        server,
        "add",
        (1, "two"),
        {"key": [3]},
        annotations={"INFO": b"x"},
        correlation=CORRELATION,
    )
    assert (call.object_id, call.method, call.seq) == ("demo", "add", 1)
    assert (list(call.args), call.kwargs, call.flags) == (
        [1, "two"],
        {"key": [3]},
        CORRELATED,
    )
    assert (call.annotations, call.correlation) == ({"INFO": b"x"}, CORRELATION)
    assert call.serializer.name == name


@pytest.mark.parametrize("name", SERIALIZERS)
def test_a_reply_is_matched_by_number(name: str) -> None:
    client, server = greeted(name)
    first, second = (
        ask(client, server, "add", (1,), {}),
        ask(client, server, "add", (2,), {}),
    )
    assert (first.seq, second.seq, client.calls) == (1, 2, 2)
    data = server.result(second, "2") + server.result(
        first, "1", annotations={"INFO": b"x"}
    )
    replies = feed(client, data)
    assert [(reply.seq, reply.unwrap()) for reply in replies] == [(2, "2"), (1, "1")]
    assert replies[1].annotations == {"INFO": b"x"}
    assert client.calls == 0


def test_numbers_count_up_and_start_anew_at_65536() -> None:
    client = ClientSession("demo", codecs(), greeted=True, seq=65534)
    numbers = [decode(client.call("add", (), {})).seq for _ in range(3)]
    assert numbers == [65535, 0, 1]
    assert client.seq == 1


def test_a_number_that_is_still_open_is_passed_over() -> None:
    client, server = greeted()
    calls = [ask(client, server, "add", (), {}) for _ in range(3)]
    feed(client, server.result(calls[1], None))
    client.seq = 0
    assert [decode(client.call("add", (), {})).seq for _ in range(2)] == [2, 4]


@pytest.mark.slow
def test_the_65536_numbers_may_all_be_open_but_no_more() -> None:
    client = ClientSession("demo", codecs(), greeted=True)
    client.seq = 99
    data = client.call("add", (), {})
    wait = decode(data)
    for _ in range(65535):
        client.call("", (), {})
    assert client.calls == 65536
    with pytest.raises(
        LocalProtocolError, match=r"^65536 calls are under way, no number is left$"
    ):
        client.call("add", (), {})
    feed(client, encode(Message(RESULT, 3, 0, wait.seq, b"1")))
    assert decode(client.call("add", (), {})).seq == 100


def test_a_oneway_call_has_a_number_but_gets_no_reply() -> None:
    client, server = greeted()
    call = ask(client, server, "fire", (), {}, ONEWAY)
    assert (call.seq, call.flags, client.calls) == (1, ONEWAY, 0)
    assert ask(client, server, "add", (), {}).seq == 2
    client.receive(encode(Message(RESULT, 1, 0, 1, b"1")))
    with pytest.raises(RemoteProtocolError, match=r"^reply 1 answers no call$"):
        client.next()


@pytest.mark.parametrize("seq", [0, 2, 7, 65535])
def test_a_reply_that_nobody_waits_for_closes_the_session(seq: int) -> None:
    client, server = greeted()
    ask(client, server, "add", (), {})
    client.receive(encode(Message(RESULT, 3, 0, seq, b"1")))
    with pytest.raises(RemoteProtocolError, match=rf"^reply {seq} answers no call$"):
        client.next()
    assert client.state == CLOSED


def test_a_second_reply_to_one_call_is_refused() -> None:
    client, server = greeted()
    answer = server.result(ask(client, server, "add", (), {}), None)
    assert feed(client, answer)[0].unwrap() is None
    client.receive(answer)
    with pytest.raises(RemoteProtocolError, match=r"^reply 1 answers no call$"):
        client.next()


def test_a_reply_may_come_in_another_serializer() -> None:
    client, server = greeted("serpent")
    ask(client, server, "add", (), {})
    (reply,) = feed(client, encode(Message(RESULT, 3, 0, 1, b'"ok"')))
    assert (reply.unwrap(), reply.serializer.name) == ("ok", "json")


def test_a_reply_in_an_unknown_serializer_closes_the_session() -> None:
    client, server = greeted()
    ask(client, server, "add", (), {})
    client.receive(encode(Message(RESULT, 9, 0, 1, b"")))
    with pytest.raises(RemoteProtocolError, match=r"^reply in unknown serializer 9$"):
        client.next()
    assert (client.state, client.calls) == (CLOSED, 0)


@pytest.mark.parametrize("name", SERIALIZERS)
def test_an_argument_that_cannot_be_written_changes_nothing(name: str) -> None:
    client, server = greeted(name)
    with pytest.raises(SerializeError, match=r"argument 2\['k'\]\[0\]: object object"):
        client.call("add", (1, {"k": [object()]}), {})
    assert (client.seq, client.calls, client.state) == (0, 0, OPEN)
    assert ask(client, server, "add", (1,), {}).seq == 1


def test_a_call_that_is_too_large_changes_nothing() -> None:
    client = ClientSession("demo", codecs(), serializer="json", greeted=True, max_size=200)
    size = len(client.call("m", ("",), {})) - 40
    assert len(client.call("m", ("x" * (200 - size),), {})) == 240
    with pytest.raises(MessageTooLargeError, match="201 bytes, max=200"):
        client.call("m", ("x" * (201 - size),), {})
    assert (client.seq, client.calls) == (2, 2)


def test_an_unusable_annotation_changes_nothing() -> None:
    client, _ = greeted()
    with pytest.raises(LocalProtocolError, match="'TOO LONG' is not 4 ASCII letters"):
        client.call("add", (), {}, annotations={"TOO LONG": b""})
    assert (client.seq, client.calls, client.state) == (0, 0, OPEN)


def test_calls_are_compressed_if_asked() -> None:
    client, server = greeted(compress=True)
    data = client.call("add", ("x" * 1000,), {})
    assert len(data) < 200
    assert [call.args for call in feed(server, data)] == [("x" * 1000,)]


def test_a_call_may_go_to_another_object_of_the_daemon() -> None:
    client, server = greeted()
    assert (
        ask(client, server, "ping", (), {}, object_id="Pyro.Daemon").object_id
        == "Pyro.Daemon"
    )
    assert ask(client, server, "ping", (), {}, object_id="").object_id == ""


def test_a_stream_is_named_by_its_reply() -> None:
    client, server = greeted()
    call = ask(client, server, "count", (), {})
    (reply,) = feed(client, server.stream(call, "an-id"))
    assert (reply.stream, reply.annotations) == ("an-id", {})
    with pytest.raises(RemoteProtocolError, match=r"^result of call is an iterator$"):
        reply.unwrap()


def test_a_stream_of_a_server_that_has_none_is_an_error() -> None:
    client, server = greeted()
    (reply,) = feed(client, server.stream(ask(client, server, "count", (), {}), None))
    assert (reply.stream, reply.annotations) == (None, {})
    with pytest.raises(RemoteProtocolError, match=r"^result of call is an iterator$"):
        reply.unwrap()


# Pings and endings.


def test_a_ping_is_answered_with_a_pong() -> None:
    client, server = greeted()
    (ping,) = feed(server, client.ping())
    assert (ping.seq, ping.serializer_id, ping.correlation) == (0, 42, None)
    assert [type(event) for event in feed(client, server.pong(ping))] == [Pong]
    assert (client.seq, client.calls) == (0, 0)


def test_calls_and_pings_may_mix() -> None:
    client, server = greeted()
    call, ping = feed(server, client.call("add", (), {}) + client.ping())
    data = server.pong(ping) + server.result(call, 1)
    assert [type(event) for event in feed(client, data)] == [Pong, Reply]


def test_a_session_may_start_greeted() -> None:
    client = ClientSession("demo", codecs(), greeted=True)
    server = ServerSession(codecs(), greeted=True)
    assert client.state == server.state == OPEN
    call = ask(client, server, "add", (), {})
    assert feed(client, server.result(call, 5))[0].unwrap() == 5
    with pytest.raises(LocalProtocolError, match=r"^session is open$"):
        client.greet()


def test_a_closed_session_sends_and_accepts_nothing() -> None:
    client, server = greeted()
    answer = server.result(ask(client, server, "add", (), {}), 1)
    client.close()
    assert (client.state, client.next()) == (CLOSED, None)
    with pytest.raises(LocalProtocolError, match=r"^session is closed$"):
        client.call("add", (), {})
    with pytest.raises(LocalProtocolError, match=r"^session is closed$"):
        client.ping()
    client.receive(answer)
    with pytest.raises(
        RemoteProtocolError, match=r"^invalid message type RESULT, expected none$"
    ):
        client.next()


@pytest.mark.parametrize("garbage", [b"HTTP/1.1 200", b"PYRO\x00\x30", bytes(40)])
def test_garbage_closes_the_session(garbage: bytes) -> None:
    client, _ = greeted()
    client.receive(garbage)
    for _ in range(2):
        with pytest.raises(ProtocolError):
            client.next()
        assert client.state == CLOSED


def test_a_reply_that_is_too_large_closes_the_session() -> None:
    client, server = greeted(max_size=300)
    answer = server.result(ask(client, server, "add", (), {}), "x" * 300)
    client.receive(answer[:40])
    with pytest.raises(MessageTooLargeError, match="328 bytes, max=300"):
        client.next()
    assert client.state == CLOSED


def test_what_arrived_before_garbage_is_still_given() -> None:
    client, server = greeted()
    client.receive(server.result(ask(client, server, "add", (), {}), 5) + b"garbage")
    reply = client.next()
    assert isinstance(reply, Reply)
    assert reply.unwrap() == 5
    with pytest.raises(RemoteProtocolError):
        take(client)


def test_a_call_that_is_invoked_by_a_server_is_refused() -> None:
    client, _ = greeted()
    client.receive(encode(Message(INVOKE, 3, 0, 1, b"{}")))
    with pytest.raises(RemoteProtocolError, match="type INVOKE, expected RESULT or PING"):
        client.next()


def test_the_serializer_may_change_between_calls() -> None:
    client, server = greeted("serpent")
    assert client.serializer == "serpent"
    first = ask(client, server, "add", (1,), {})
    client.serializer = "json"
    assert client.serializer == "json"
    second = ask(client, server, "add", (2,), {})
    assert [call.serializer.name for call in (first, second)] == ["serpent", "json"]
    answers = feed(client, server.result(first, 1) + server.result(second, 2))
    assert [reply.unwrap() for reply in answers] == [1, 2]
    with pytest.raises(KeyError, match="'pickle'"):
        client.serializer = "pickle"
