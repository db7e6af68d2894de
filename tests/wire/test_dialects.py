"""Sessions speak any dialect."""

from __future__ import annotations

import pytest

from conversing import CORRELATION, codecs
from pyrophone.errors import RemoteProtocolError, SecurityError, SerializeError
from pyrophone.serializers import ClassTable
from pyrophone.serializers.codecs import Codecs, make_codecs
from pyrophone.settings import Settings
from pyrophone.wire import framing
from pyrophone.wire.client import ClientSession
from pyrophone.wire.dialects import PYRO5, Dialect, MessageDecoder, choose
from pyrophone.wire.events import Call, Greeting, Ping, Pong, Refusal, Reply, Welcome
from pyrophone.wire.framing import CONNECT_FAIL, Message
from pyrophone.wire.intake import Intake
from pyrophone.wire.metadata import Metadata
from pyrophone.wire.server import ServerSession
from pyrophone.wire.states import CLOSED
from toy import TOY

MEMBERS = Metadata(frozenset({"bake"}))


def toys() -> Codecs:
    return make_codecs(ClassTable(), Settings(), numbers=TOY.numbers, tags=TOY.tags)


def sessions(serializer: str = "json") -> tuple[ClientSession, ServerSession]:
    """Return both ends of a conversation of toys, greeted."""
    client = ClientSession("oven", toys(), serializer=serializer, dialect=TOY)
    server = ServerSession(toys(), dialect=TOY)
    server.receive(client.greet("hello"))
    greeting = server.next()
    assert isinstance(greeting, Greeting)
    assert (greeting.handshake, greeting.object_id) == ("hello", "oven")
    client.receive(server.welcome(greeting, "welcome", MEMBERS))
    welcome = client.next()
    assert isinstance(welcome, Welcome)
    assert (welcome.handshake, welcome.metadata) == ("welcome", MEMBERS)
    return client, server


def test_the_dialect_of_this_library_is_502() -> None:
    assert (PYRO5.name, PYRO5.version, PYRO5.tags) == ("pyro5", 502, None)
    assert dict(PYRO5.numbers) == {s.name: s.id for s in codecs().by_name.values()}
    assert PYRO5.encoder() is framing.encode
    assert type(PYRO5.decoder(1, 0)) is framing.Decoder
    assert repr(PYRO5) == "<dialect pyro5, protocol 502>"


@pytest.mark.parametrize(
    ("start", "dialect"),
    [
        (b"PYRO\x01\xf6", PYRO5),
        (b"PYRO\x12\x67 and what follows", TOY),
        (b"PYRO\x00\x30", None),
        (b"PYRO\x12", None),
        (b"", None),
        (b"pyro\x12\x67", None),
    ],
)
def test_the_first_six_bytes_tell_the_dialect(
    start: bytes, dialect: Dialect | None
) -> None:
    assert choose(start, [PYRO5, TOY]) is dialect


@pytest.mark.parametrize("serializer", ["serpent", "json", "marshal", "msgpack"])
def test_a_conversation_in_another_dialect(serializer: str) -> None:
    client, server = sessions(serializer)
    data = client.call("bake", ("bread",), {"degrees": 200}, correlation=CORRELATION)
    assert data[4:6] == b"\x12\x67"
    assert data[7] == TOY.numbers[serializer]
    server.receive(data)
    call = server.next()
    assert isinstance(call, Call)
    assert (call.method, list(call.args), call.kwargs) == (
        "bake",
        ["bread"],
        {"degrees": 200},
    )
    client.receive(server.result(call, ["done"]))
    reply = client.next()
    assert isinstance(reply, Reply)
    assert reply.unwrap() == ["done"]
    server.receive(client.ping())
    ping = server.next()
    assert isinstance(ping, Ping)
    client.receive(server.pong(ping))
    assert isinstance(client.next(), Pong)


def test_an_error_has_the_names_of_the_dialect() -> None:
    client, server = sessions()
    server.receive(client.call("bake", (), {}))
    call = server.next()
    assert isinstance(call, Call)
    data = server.fault(call, SerializeError("no"), [])
    assert b"Toy.errors.SerializeError" in data
    client.receive(data)
    reply = client.next()
    assert isinstance(reply, Reply)
    with pytest.raises(SerializeError, match="no"):
        reply.unwrap()


def test_features_are_for_dialects_that_have_some() -> None:
    client, server = sessions()
    assert client.features is None
    assert server.features is None
    assert b"PHON" not in ClientSession("oven", toys(), dialect=TOY).greet()
    assert b"PHON" in ClientSession("oven", codecs()).greet()


def test_a_greeting_may_name_no_object() -> None:
    client = ClientSession("", toys(), dialect=TOY)
    server = ServerSession(toys(), dialect=TOY)
    server.receive(client.greet())
    greeting = server.next()
    assert isinstance(greeting, Greeting)
    assert greeting.object_id is None
    client.receive(server.welcome(greeting, "hello", None))
    welcome = client.next()
    assert isinstance(welcome, Welcome)
    assert welcome.metadata == Metadata()


def test_a_refusal_without_greeting_is_in_the_marshal_of_the_dialect() -> None:
    server = ServerSession(toys(), dialect=TOY)
    data = server.refuse("no")
    assert data[6:8] == bytes([CONNECT_FAIL, 13])
    client = ClientSession("oven", toys(), dialect=TOY)
    client.greet()
    client.receive(data)
    refusal = client.next()
    assert isinstance(refusal, Refusal)
    assert refusal.text == "no"


def test_a_call_in_an_unknown_serializer_is_no_call_where_the_dialect_says_so() -> None:
    client, server = sessions()
    data = bytearray(client.call("bake", (), {}))
    data[7] = 99
    server.receive(bytes(data))
    with pytest.raises(RemoteProtocolError, match=r"^toys have no serializer 99$"):
        server.next()
    assert server.state == CLOSED


def test_a_serializer_that_is_refused_is_told_so_in_itself_and_nothing_is_read() -> None:
    client, _ = sessions("marshal")
    server = ServerSession(toys(), dialect=TOY, greeted=True)
    accepted = toys()
    marshal = accepted.by_id.pop(13)
    accepted.refused = {13: marshal}
    server.adapt(accepted, max_size=1000, compress=False)
    data = client.call("bake", (), {})
    server.receive(data[:40] + b"\xff" * (len(data) - 40))
    call = server.next()
    assert isinstance(call, Call)
    assert isinstance(call.problem, SerializeError)
    assert str(call.problem) == "toys have no serializer 13"
    client.receive(server.fault(call, call.problem, []))
    reply = client.next()
    assert isinstance(reply, Reply)
    with pytest.raises(SerializeError, match="toys have no serializer 13"):
        reply.unwrap()


class _Suspicious(Intake):
    def next(self) -> Message | None:
        raise SecurityError("the signature is wrong")


class _Signing(Dialect):
    def decoder(self, max_size: int, expected: int) -> MessageDecoder:
        return _Suspicious(max_size, expected)


def test_a_message_that_is_not_to_be_trusted_ends_both_sessions() -> None:
    for session in (
        ServerSession(codecs(), greeted=True, dialect=_Signing()),
        ClientSession("oven", codecs(), greeted=True, dialect=_Signing()),
    ):
        session.receive(b"x")
        with pytest.raises(SecurityError, match="signature"):
            session.next()
        assert session.state == CLOSED


def test_what_was_not_understood_can_be_given_to_another_session() -> None:
    server = ServerSession(codecs())
    data = ClientSession("oven", toys(), dialect=TOY).greet()
    server.receive(data[:50])
    with pytest.raises(RemoteProtocolError):
        server.next()
    other = ServerSession(toys(), dialect=TOY)
    other.receive(server.unread())
    assert other.pending == 50
    other.receive(data[50:])
    assert isinstance(other.next(), Greeting)
