from __future__ import annotations

import marshal
from typing import Any

import pytest

from conversing import (
    CORRELATION,
    FROM_CLIENT,
    FROM_SERVER,
    REJECTED,
    SERIALIZERS,
    ask,
    call_of,
    codecs,
    decode,
    feed,
    greeted,
    greeting_of,
    vector_bytes,
    vector_message,
    vector_value,
)
from pyrophone.errors import (
    LocalProtocolError,
    MessageTooLargeError,
    ProtocolError,
    RemoteError,
    RemoteProtocolError,
    SecurityError,
    SerializeError,
)
from pyrophone.objects.proxy import proxy_form
from pyrophone.serializers.classes import Failure
from pyrophone.wire.client import ClientSession
from pyrophone.wire.events import Call, Greeting, Ping
from pyrophone.wire.framing import (
    BATCH,
    BLOB,
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

HELLO = b'{"handshake": "hello", "object": "demo"}'
TRACEBACK = ["Traceback (most recent call last):\n", "ValueError: bad\n"]

# Vectors that we write with other bytes of the same meaning, and why.
MARSHAL = {name for name in FROM_SERVER if vector_message(name).serializer_id == 2}
INFLATED = {
    "compressed_result_serpent",
    "compressed_annotated_result",
}  # zlib is free to differ
NAMES_IN_ANY_ORDER = {
    *(name for name in FROM_SERVER if name.startswith("handshake_ok_")),
    *(name for name in FROM_SERVER if name.startswith("result_autoproxy_")),
    "result_get_metadata_json",
    "result_get_metadata_serpent",
}
# Errors of ours have one more key, which tells our clients the exact class.
OUR_KEY = {
    "exception_unknown_object",
    "ns_lookup_unknown_result_serpent",
    "ns_lookup_unknown_result_json",
    "stream_result_serpent",
    "stream_result_json",
}
# Ours has no id: Pyro5 sends that of some earlier client (its defect D5).
WITHOUT_ID = {"handshake_fail_bad_version"}
# Ours comes in the serializer of the greeting; Pyro5 has not read it at that point.
IN_THE_CLIENTS_SERIALIZER = {"handshake_fail_pool_full"}


def written(name: str) -> bytes:
    """Return what our session writes for a vector that servers send."""
    message = vector_message(name)
    correlation = message.correlation if message.flags & CORRELATED else None
    serializers = codecs(bytes_repr=name == "result_bytes_serpent_repr")
    session = ServerSession(
        serializers,
        compress=name.startswith("compress"),
        greeted=message.kind in (RESULT, PING),
    )
    if message.kind == PING:
        ping = Message(
            PING, message.serializer_id, message.flags, 0, b"ping", {}, CORRELATION
        )
        (event,) = feed(session, encode(ping))
        return session.pong(event)
    value = vector_value(name)
    if message.kind == RESULT:
        flags = message.flags & BATCH
        asked = Message(INVOKE, message.serializer_id, flags, message.seq, b"")
        call = Call.of(asked, serializers.by_id[message.serializer_id])
        return answer(session, call, message, value, correlation)
    if name in WITHOUT_ID:
        return session.refuse(value)
    serializer_id = 3 if name in IN_THE_CLIENTS_SERIALIZER else message.serializer_id
    payload = serializers.by_id[serializer_id].dumps(
        {"handshake": "hello", "object": "demo"}
    )
    greeting = greeting_of(
        session,
        encode(
            Message(
                CONNECT, serializer_id, message.flags, message.seq, payload, {}, CORRELATION
            )
        ),
    )
    if message.kind == CONNECT_FAIL:
        return session.refuse(value, greeting, message.annotations)
    metadata = Metadata.from_wire(value["meta"])
    return session.welcome(greeting, value["handshake"], metadata, message.annotations)


def answer(
    session: ServerSession,
    call: Call,
    message: Message,
    value: Any,
    correlation: bytes | None,
) -> bytes:
    annotations = dict(message.annotations)
    if message.flags & STREAM:
        stream_id = annotations.pop("STRM").decode()
        return session.stream(
            call, stream_id, annotations=annotations, correlation=correlation
        )
    if message.flags & EXCEPTION:
        lines = value.__dict__.pop("_pyroTraceback")
        return session.fault(
            call, value, lines, annotations=annotations, correlation=correlation
        )
    if isinstance(value, list) and value and isinstance(value[-1], Failure):
        del value[-1].error.__dict__["_pyroTraceback"]
    if isinstance(value, dict) and value.get("__class__") == "Pyro5.client.Proxy":
        uri, oneway, methods, attributes, _, _ = value["state"]
        members = Metadata(frozenset(methods), frozenset(oneway), frozenset(attributes))
        value = proxy_form(uri, members)
    return session.result(call, value, annotations=annotations, correlation=correlation)


def as_sets(value: Any) -> Any:
    """Return *value* with its collections of names as sets."""
    if isinstance(value, dict):
        return {key: as_sets(item) for key, item in value.items()}
    if (
        isinstance(value, (list, tuple))
        and value
        and all(isinstance(v, str) for v in value)
    ):
        return set(value)
    if isinstance(value, (list, tuple)):
        return [as_sets(item) for item in value]
    return value


def plain(message: Message) -> Any:
    """Return what a payload says, with class forms as they are."""
    reader = codecs()
    for name in (
        "Pyro5.client.Proxy",
        "Pyro5.errors.DaemonError",
        "Pyro5.errors.NamingError",
    ):
        reader.classes.register_name(name, lambda _, form: form)
    reader.classes.register_name("Pyro5.errors.ProtocolError", lambda _, form: form)
    return reader.by_id[message.serializer_id].loads(message.payload)


def same_envelope(ours: bytes, theirs: bytes) -> bool:
    """Whether header and annotations are the same, but for the payload's length."""
    end = 40 + int.from_bytes(theirs[16:20], "big")
    return ours[:12] + ours[16:end] == theirs[:12] + theirs[16:end]


@pytest.mark.parametrize("name", FROM_SERVER)
def test_a_vector_is_written(name: str) -> None:
    ours, theirs = written(name), vector_bytes(name)
    if name in MARSHAL and name not in WITHOUT_ID | IN_THE_CLIENTS_SERIALIZER:
        assert same_envelope(ours, theirs)
        assert marshal.loads(ours[40:]) == marshal.loads(theirs[40:])
    elif name in NAMES_IN_ANY_ORDER:
        assert same_envelope(ours, theirs)
        assert as_sets(plain(decode(ours))) == as_sets(plain(decode(theirs)))
        assert len(ours) == len(theirs)
    elif name in OUR_KEY:
        assert same_envelope(ours, theirs)
        form = plain(decode(ours))
        key = form.pop("pyrophone")
        assert form == plain(decode(theirs))
        assert key[1:] == list(form["args"])
    elif name in INFLATED:
        assert decode(ours) == decode(theirs)
    elif name in WITHOUT_ID:
        message, expected = decode(ours), decode(theirs)
        assert (message.flags, message.correlation) == (0, bytes(16))
        assert (message.kind, message.seq) == (expected.kind, expected.seq)
        assert marshal.loads(message.payload) == marshal.loads(expected.payload)
    elif name in IN_THE_CLIENTS_SERIALIZER:
        message, expected = decode(ours), decode(theirs)
        assert message.serializer_id == 3
        assert (message.kind, message.seq) == (expected.kind, expected.seq)
        assert plain(message) == plain(expected)
    else:
        assert ours == theirs


@pytest.mark.parametrize("name", FROM_CLIENT)
def test_a_vector_is_read(name: str) -> None:
    message = vector_message(name)
    session = ServerSession(codecs(), greeted=message.kind != CONNECT)
    (event,) = feed(session, vector_bytes(name))
    assert event.seq == message.seq
    assert event.correlation == (
        message.correlation if message.flags & CORRELATED else None
    )
    if message.kind == PING:
        assert (type(event), event.serializer_id) == (Ping, 42)
        return
    value = vector_value(name)
    assert event.annotations == {
        k: v for k, v in message.annotations.items() if k != "BLBI"
    }
    assert event.serializer.id == message.serializer_id
    if message.kind == CONNECT:
        assert type(event) is Greeting
        assert {"handshake": event.handshake, "object": event.object_id} == value
        return
    object_id, method, args, kwargs = value.values() if isinstance(value, dict) else value
    assert (event.problem, event.flags) == (None, message.flags)
    assert (event.object_id, event.method, event.kwargs) == (
        object_id,
        method,
        kwargs or {},
    )
    if message.flags & BLOB:
        (blob,) = event.args
        assert (blob.info, blob.value) == ("some info", args)
    else:
        assert event.args == args


def test_the_vector_of_another_version_is_refused_in_marshal() -> None:
    session = ServerSession(codecs())
    session.receive(vector_bytes(REJECTED))
    with pytest.raises(RemoteProtocolError) as caught:
        session.next()
    assert session.state == NEW
    refusal = decode(session.refuse(str(caught.value)))
    assert (refusal.kind, refusal.serializer_id, refusal.seq) == (CONNECT_FAIL, 2, 0)
    assert marshal.loads(refusal.payload) == "invalid protocol version: 48, not 502"
    assert session.state == CLOSED


# Greeting.


def connect(payload: bytes, serializer_id: int = 3, **more: Any) -> bytes:
    return encode(Message(CONNECT, serializer_id, 0, 7, payload, **more))


@pytest.mark.parametrize(
    ("payload", "serializer_id", "problem"),
    [
        (HELLO, 9, "unknown serializer 9"),
        (b"", 3, "unreadable greeting: "),
        (b"{", 3, "unreadable greeting: "),
        (b'{"__class__": "__main__.X"}', 3, "unreadable greeting: refused to make"),
        (b'["hello", "demo"]', 3, "a greeting is a mapping of 'handshake' and 'object'"),
        (b'{"handshake": 1}', 3, "a greeting is a mapping of 'handshake' and 'object'"),
        (b'{"handshake": 1, "object": 1}', 3, "a greeting is a mapping of 'handshake' and"),
        (b'{"object": "demo"}', 3, "the greeting has no 'handshake'"),
    ],
)
def test_a_wrong_greeting_can_be_refused(
    payload: bytes, serializer_id: int, problem: str
) -> None:
    session = ServerSession(codecs())
    session.receive(connect(payload, serializer_id))
    with pytest.raises(RemoteProtocolError) as caught:
        session.next()
    assert str(caught.value).startswith(problem)
    assert session.state == NEW
    client = ClientSession("demo", codecs())
    client.greet()
    (refusal,) = feed(client, session.refuse(str(caught.value)))
    assert refusal.text == str(caught.value)


@pytest.mark.parametrize(
    ("kind", "name"), [(INVOKE, "INVOKE"), (PING, "PING"), (RESULT, "RESULT"), (10, "10")]
)
def test_before_the_greeting_nothing_else_may_come(kind: int, name: str) -> None:
    session = ServerSession(codecs())
    session.receive(encode(Message(kind, 3, 0, 0, HELLO))[:40])
    with pytest.raises(RemoteProtocolError) as caught:
        session.next()
    assert str(caught.value) == f"invalid message type {name}, expected CONNECT"


def test_a_greeting_may_hold_more() -> None:
    session = ServerSession(codecs())
    payload = b'{"more": 1, "object": "demo", "handshake": null}'
    greeting = greeting_of(session, connect(payload, annotations={"INFO": b"x"}))
    assert (greeting.handshake, greeting.object_id, greeting.seq) == (None, "demo", 7)
    assert (greeting.annotations, session.features) == ({"INFO": b"x"}, None)


def test_what_comes_behind_the_greeting_waits_for_its_answer() -> None:
    client, session = ClientSession("demo", codecs(), greeted=True), ServerSession(codecs())
    call, ping = client.call("add", (1,), {}), client.ping()
    assert [type(event) for event in feed(session, connect(HELLO) + call + ping)] == [
        Greeting
    ]
    assert session.state == GREETING
    assert session.pending == len(call + ping)
    assert feed(session, call) == []
    greeting = Greeting(decode(connect(HELLO)), codecs().by_id[3], "hello", "demo")
    session.welcome(greeting, "hello", Metadata())
    assert [type(event) for event in feed(session, b"")] == [Call, Ping, Call]
    assert session.pending == 0


def test_a_second_greeting_closes_the_session() -> None:
    _, session = greeted()
    session.receive(connect(HELLO))
    with pytest.raises(
        RemoteProtocolError, match=r"type CONNECT, expected INVOKE or PING$"
    ):
        session.next()
    assert session.state == CLOSED


def test_until_greeted_a_client_may_send_only_little() -> None:
    session = ServerSession(codecs(), handshake_size=100, max_size=1000)
    greeting = greeting_of(session, connect(HELLO + b" " * (100 - len(HELLO))))
    session.welcome(greeting, "hello", Metadata())
    assert feed(session, encode(Message(INVOKE, 3, 0, 1, b" " * 1000)))[0].problem
    session.receive(encode(Message(INVOKE, 3, 0, 1, b" " * 1001))[:40])
    with pytest.raises(MessageTooLargeError, match="1001 bytes, max=1000"):
        session.next()
    for session in (
        ServerSession(codecs(), handshake_size=100),
        ServerSession(codecs(), max_size=100),
    ):
        session.receive(connect(b" " * 101)[:40])
        with pytest.raises(MessageTooLargeError, match="101 bytes, max=100"):
            session.next()
        assert decode(session.refuse("no")).kind == CONNECT_FAIL


def test_a_greeting_that_inflates_too_much_is_refused() -> None:
    session = ServerSession(codecs())
    greeting = Message(CONNECT, 3, 0, 0, b" " * 16385)
    session.receive(encode(greeting, compress=True))
    with pytest.raises(MessageTooLargeError, match="16385 bytes, max=16384"):
        session.next()


@pytest.mark.parametrize("name", SERIALIZERS)
@pytest.mark.parametrize("reason", ["", "no", "é€", "bad \ud800 text", "x" * 5000])
def test_any_text_can_be_the_reason_of_a_refusal(name: str, reason: str) -> None:
    client, session = (
        ClientSession("demo", codecs(), serializer=name),
        ServerSession(codecs()),
    )
    greeting = greeting_of(session, client.greet())
    (refusal,) = feed(client, session.refuse(reason, greeting))
    assert refusal.text == reason.replace("\ud800", "\\ud800")
    assert session.state == CLOSED


def test_a_refusal_copies_number_and_id() -> None:
    session = ServerSession(codecs())
    data = encode(Message(CONNECT, 3, CORRELATED, 7, HELLO, {}, CORRELATION))
    refusal = decode(session.refuse("no", greeting_of(session, data), {"INFO": b"x"}))
    assert refusal == Message(
        CONNECT_FAIL, 3, CORRELATED, 7, b'"no"', {"INFO": b"x"}, CORRELATION
    )


def test_a_handshake_that_cannot_be_written_can_still_be_refused() -> None:
    session = ServerSession(codecs())
    greeting = greeting_of(session, connect(HELLO))
    with pytest.raises(SerializeError):
        session.welcome(greeting, object(), Metadata())
    assert session.state == GREETING
    assert decode(session.refuse("no", greeting)).kind == CONNECT_FAIL


def test_a_welcome_lists_features_only_for_those_who_did() -> None:
    for chunks, listed in (({}, {}), ({"PHON": b"many"}, {"PHON": b""})):
        session = ServerSession(codecs())
        greeting = greeting_of(session, connect(HELLO, annotations=chunks))
        message = decode(session.welcome(greeting, "hello", Metadata()))
        assert (message.kind, message.annotations) == (CONNECT_OK, listed)


# Calls.


def invoke(payload: bytes, serializer_id: int = 3, flags: int = 0, **more: Any) -> bytes:
    return encode(Message(INVOKE, serializer_id, flags, 5, payload, **more))


@pytest.mark.parametrize(
    ("payload", "serializer_id", "error"),
    [
        (b"{", 3, SerializeError),
        (b"[1, 2, 3, 4]", 3, SerializeError),
        (b"('demo','add',(1,),{}", 1, SerializeError),
        (b"('demo','add',({'__class__':'lab.Nothing'},),{})", 1, SerializeError),
        (b"('demo','add',({'__class__':'__main__.X'},),{})", 1, SecurityError),
        (b"\xff", 2, SerializeError),
        (b"\xc1", 4, SerializeError),
        (b"", 9, SerializeError),
    ],
)
def test_a_call_that_cannot_be_read_is_answered_and_the_next_one_works(
    payload: bytes, serializer_id: int, error: type[Exception]
) -> None:
    client, session = greeted()
    (call,) = feed(session, invoke(payload, serializer_id))
    assert type(call.problem) is error
    assert (call.seq, call.object_id, call.args, call.kwargs) == (5, "", (), {})
    client.seq = 4
    client.call("add", (), {})
    (reply,) = feed(client, session.fault(call, call.problem, TRACEBACK))
    with pytest.raises(error):
        reply.unwrap()
    following = ask(client, session, "add", (1,), {})
    assert feed(client, session.result(following, 1))[0].unwrap() == 1


def test_an_unknown_serializer_is_named_and_answered_in_serpent() -> None:
    _, session = greeted()
    (call,) = feed(session, invoke(b"", 9))
    assert (str(call.problem), call.serializer.name) == ("unknown serializer 9", "serpent")


@pytest.mark.parametrize(
    ("annotations", "problem"),
    [
        ({}, "a blob call without annotation BLBI"),
        ({"BLBI": b"N"}, "annotation BLBI is not (info, object id, method)"),
        ({"BLBI": b"\xff"}, "not marshal data: "),
    ],
)
def test_a_blob_call_without_address_is_answered(
    annotations: dict[str, bytes], problem: str
) -> None:
    _, session = greeted()
    (call,) = feed(session, invoke(b"{}", flags=BLOB, annotations=annotations))
    assert str(call.problem).startswith(problem)
    assert session.state == OPEN


def test_an_address_without_the_flag_is_an_ordinary_annotation() -> None:
    client, session = greeted()
    call = ask(client, session, "add", (1,), {}, annotations={"BLBI": b"x"})
    assert (call.args, call.annotations) == ((1,), {"BLBI": b"x"})


@pytest.mark.parametrize("name", SERIALIZERS)
def test_null_keywords_arrive_as_none_at_all(name: str) -> None:
    client, session = greeted(name)
    call = ask(client, session, "__getattr__", ("value",), None)
    assert (list(call.args), call.kwargs) == (["value"], {})


@pytest.mark.parametrize("name", SERIALIZERS)
def test_a_result_copies_number_serializer_and_batch_flag(name: str) -> None:
    session = ServerSession(codecs(), greeted=True)
    call = call_of(name, flags=BATCH, seq=500)
    data = session.result(call, [1], annotations={"INFO": b"x"}, correlation=CORRELATION)
    message, serializer = decode(data), codecs().by_name[name]
    assert message == Message(
        RESULT,
        serializer.id,
        BATCH | CORRELATED,
        500,
        serializer.dumps([1]),
        {"INFO": b"x"},
        CORRELATION,
    )


@pytest.mark.parametrize("name", SERIALIZERS)
def test_a_fault_brings_error_and_traceback(name: str) -> None:
    client, session = greeted(name)
    call = ask(client, session, "add", (), {}, BATCH)
    data = session.fault(
        call,
        ValueError("bad", 7),
        TRACEBACK,
        annotations={"INFO": b"x"},
        correlation=CORRELATION,
    )
    assert decode(data).flags == EXCEPTION | CORRELATED
    (reply,) = feed(client, data)
    with pytest.raises(ValueError, match=r"^\('bad', 7\)") as caught:
        reply.unwrap()
    assert caught.value.__notes__ == [
        "Remote traceback:\nTraceback (most recent call last):\nValueError: bad"
    ]
    assert reply.annotations == {"INFO": b"x"}


@pytest.mark.parametrize("name", SERIALIZERS)
def test_a_batch_brings_results_and_the_failure(name: str) -> None:
    client, session = greeted(name)
    call = ask(
        client, session, "<batch>", [("add", (1,), {}), ("add", (2,), {})], None, BATCH
    )
    assert [list(item[1]) for item in call.args] == [[1], [2]]
    value = [1, Failure(KeyError("k"), TRACEBACK)]
    (reply,) = feed(client, session.result(call, value))
    assert reply.flags & (BATCH | EXCEPTION) == BATCH
    first, failure = reply.unwrap()
    assert (first, type(failure.error), failure.error.args) == (1, KeyError, ("k",))


@pytest.mark.parametrize("name", SERIALIZERS)
def test_a_result_that_cannot_be_written_can_still_be_a_fault(name: str) -> None:
    client, session = greeted(name)
    call = ask(client, session, "add", (), {})
    with pytest.raises(SerializeError) as caught:
        session.result(call, {"k": [object()]})
    (reply,) = feed(client, session.fault(call, caught.value, []))
    with pytest.raises(SerializeError, match=r"\['k'\]\[0\]: object object"):
        reply.unwrap()


class AwkwardError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


@pytest.mark.parametrize("name", SERIALIZERS)
@pytest.mark.parametrize(
    "error",
    [
        AwkwardError(object()),
        SystemExit(3),
        KeyboardInterrupt(),
        ValueError("\ud800", object()),
    ],
    ids=["no text", "exit", "interrupt", "surrogate"],
)
def test_any_error_can_be_a_fault(name: str, error: BaseException) -> None:
    client, session = greeted(name)
    call = ask(client, session, "add", (), {})
    (reply,) = feed(client, session.fault(call, error, ["\ud800"]))
    with pytest.raises((RemoteError, ValueError)) as caught:
        reply.unwrap()
    cls = type(error)
    assert getattr(caught.value, "class_name", "builtins.ValueError") == (
        f"{cls.__module__}.{cls.__qualname__}"
    )


@pytest.mark.parametrize("flags", [ONEWAY, ONEWAY | BATCH])
def test_a_oneway_call_is_never_answered(flags: int) -> None:
    session = ServerSession(codecs(), greeted=True)
    call = call_of(flags=flags)
    assert session.result(call, object()) == b""
    assert session.fault(call, ValueError(), []) == b""
    assert session.stream(call, "an-id") == b""


def test_an_answer_that_is_too_large_can_still_be_a_fault() -> None:
    client, session = greeted()
    small = ServerSession(codecs(), greeted=True, max_size=1000)
    call = ask(client, session, "add", (), {})
    with pytest.raises(MessageTooLargeError, match="1028 bytes, max=1000") as caught:
        small.result(call, "x" * 1000)
    (reply,) = feed(client, small.fault(call, caught.value, []))
    with pytest.raises(MessageTooLargeError, match="1028 bytes, max=1000"):
        reply.unwrap()


def test_answers_are_compressed_if_asked() -> None:
    session = ServerSession(codecs(), greeted=True, compress=True)
    data = session.result(call_of("json"), "x" * 1000)
    assert len(data) < 100
    assert decode(data).payload == b'"' + b"x" * 1000 + b'"'


def test_a_stream_needs_both_flags_and_an_id() -> None:
    session = ServerSession(codecs(), greeted=True)
    data = session.stream(
        call_of(), "an-id", annotations={"INFO": b"x"}, correlation=CORRELATION
    )
    message = decode(data)
    assert message.flags == EXCEPTION | STREAM | CORRELATED
    assert message.annotations == {"INFO": b"x", "STRM": b"an-id"}
    assert decode(session.stream(call_of(), None)).annotations == {}


# Pings and endings.


def test_a_pong_copies_number_serializer_and_id() -> None:
    _, session = greeted()
    (ping,) = feed(
        session, encode(Message(PING, 77, CORRELATED, 9, b"anything", {}, CORRELATION))
    )
    assert decode(session.pong(ping, {"INFO": b"x"})) == Message(
        PING, 77, CORRELATED, 9, b"pong", {"INFO": b"x"}, CORRELATION
    )


def test_before_the_welcome_nothing_can_be_answered() -> None:
    session = ServerSession(codecs())
    call, ping = call_of(), Ping(Message(PING, 42, 0, 0, b"ping"))
    for state in ("new", "greeting"):
        with pytest.raises(LocalProtocolError, match=rf"^session is {state}$"):
            session.result(call, 1)
        with pytest.raises(LocalProtocolError, match=rf"^session is {state}$"):
            session.pong(ping)
        if state == "new":
            greeting = Greeting(decode(connect(HELLO)), codecs().by_id[3], "hello", "demo")
            with pytest.raises(LocalProtocolError, match=r"^session is new$"):
                session.welcome(greeting, "hello", Metadata())
            feed(session, connect(HELLO))


def test_an_open_session_cannot_be_refused_or_welcomed() -> None:
    _, session = greeted()
    greeting = Greeting(decode(connect(HELLO)), codecs().by_id[3], "hello", "demo")
    with pytest.raises(LocalProtocolError, match=r"^session is open$"):
        session.refuse("no")
    with pytest.raises(LocalProtocolError, match=r"^session is open$"):
        session.welcome(greeting, "hello", Metadata())
    assert session.state == OPEN


def test_a_closed_session_sends_and_accepts_nothing() -> None:
    client, session = greeted()
    call = ask(client, session, "add", (), {})
    session.close()
    with pytest.raises(LocalProtocolError, match=r"^session is closed$"):
        session.result(call, 1)
    with pytest.raises(LocalProtocolError, match=r"^session is closed$"):
        session.refuse("no")
    session.receive(client.ping())
    with pytest.raises(
        RemoteProtocolError, match=r"^invalid message type PING, expected none$"
    ):
        session.next()


@pytest.mark.parametrize("garbage", [b"GET / HTTP", b"PYRO\x00\x30", bytes(40)])
@pytest.mark.parametrize(("open_", "state"), [(True, CLOSED), (False, NEW)])
def test_garbage_closes_an_open_session_and_leaves_a_new_one_to_be_refused(
    garbage: bytes, open_: bool, state: int
) -> None:
    session = ServerSession(codecs(), greeted=open_)
    session.receive(garbage)
    for _ in range(2):
        with pytest.raises(ProtocolError):
            session.next()
        assert session.state == state


def test_pending_counts_what_is_no_complete_message() -> None:
    client, session = greeted()
    data = client.call("add", (), {})
    assert feed(session, data[:50]) == []
    assert session.pending == 50
    assert len(feed(session, data[50:] + data[:3])) == 1
    assert session.pending == 3


def test_each_message_can_be_traced() -> None:
    session = ServerSession(codecs(), greeted=True)
    seen: list[tuple[str, int, int]] = []
    session.trace = lambda way, message: seen.append((way, message.kind, message.seq))
    session.receive(encode(Message(PING, 42, 0, 5, b"ping")))
    ping = session.next()
    assert isinstance(ping, Ping)
    session.pong(ping)
    payload = codecs().by_id[1].dumps_call("x", "y", (), {})
    session.receive(encode(Message(INVOKE, 1, 0, 6, payload)))
    call = session.next()
    assert isinstance(call, Call)
    session.result(call, None)
    assert seen == [
        ("received", PING, 5),
        ("sent", PING, 5),
        ("received", INVOKE, 6),
        ("sent", RESULT, 6),
    ]


def test_limits_and_serializers_can_change_on_the_way() -> None:
    session = ServerSession(codecs(), greeted=True)
    session.adapt(codecs(), max_size=10, compress=False)
    session.receive(encode(Message(PING, 42, 0, 5, b"ping ping ping")))
    with pytest.raises(MessageTooLargeError):
        session.next()
