from __future__ import annotations

import pytest

from conversing import codecs, decode, feed, joined
from pyrophone import Settings
from pyrophone.errors import LocalProtocolError, RemoteProtocolError
from pyrophone.serializers import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.wire.client import ClientSession
from pyrophone.wire.events import Greeting, Welcome
from pyrophone.wire.features import FEATURES
from pyrophone.wire.framing import CONNECT_OK, PING, Message, encode
from pyrophone.wire.metadata import Metadata
from pyrophone.wire.server import ServerSession


def test_features_are_in_force_where_both_ends_have_them() -> None:
    client, server = joined()
    assert client.features == server.features == FEATURES
    client, server = joined(frozenset({"many", "xyzzy"}))
    assert client.features == server.features == frozenset({"many"})


def test_by_default_no_feature_is_offered_or_taken() -> None:
    client, server = ClientSession("demo", codecs()), ServerSession(codecs())
    (greeting,) = feed(server, client.greet())
    feed(client, server.welcome(greeting, "hello", None))
    assert client.features == server.features == frozenset()
    assert (client.beat, server.beat) == (0.0, 0.0)


def test_both_beat_as_the_quicker_one() -> None:
    client, server = joined()
    assert (client.beat, server.beat) == (3.0, 3.0)


def test_who_has_no_interval_does_not_offer_to_beat() -> None:
    client = ClientSession("demo", codecs(), features=FEATURES)
    server = ServerSession(codecs(), supported=FEATURES, beat=3.0)
    hello = client.greet()
    assert decode(hello).annotations == {"PHON": b"buffers,cancel,flow,limit,many,values"}
    (greeting,) = feed(server, hello)
    (welcome,) = feed(client, server.welcome(greeting, "hello", None))
    assert client.features == server.features == FEATURES - {"beat"}
    assert (client.beat, server.beat) == (0.0, 0.0)
    assert isinstance(welcome, Welcome)
    assert "BEAT" not in welcome.annotations


def test_an_offer_to_beat_without_interval_is_not_taken() -> None:
    server = ServerSession(codecs(), supported=FEATURES, beat=3.0)
    stranger = ClientSession("demo", codecs(), features=None)
    hello = stranger.greet(annotations={"PHON": b"beat,many"})
    (greeting,) = feed(server, hello)
    assert isinstance(greeting, Greeting)
    assert server.features == frozenset({"many"})
    assert decode(server.welcome(greeting, "hello", None)).annotations == {"PHON": b"many"}


@pytest.mark.parametrize("data", [b"", bytes(3), bytes(5)])
def test_a_malformed_interval_is_refused_by_both(data: bytes) -> None:
    chunks = {"PHON": b"beat", "BEAT": data}
    server = ServerSession(codecs(), supported=FEATURES, beat=3.0)
    server.receive(ClientSession("demo", codecs(), features=None).greet(annotations=chunks))
    with pytest.raises(RemoteProtocolError, match=r"^BEAT has \d bytes, must be 4$"):
        server.next()
    client = ClientSession("demo", codecs(), features=FEATURES, beat=4.0)
    client.greet()
    payload = codecs().by_name["serpent"].dumps({"handshake": 1, "meta": {}})
    client.receive(encode(Message(CONNECT_OK, 1, 0, 0, payload, chunks)))
    with pytest.raises(RemoteProtocolError, match=r"^BEAT has \d bytes, must be 4$"):
        client.next()


def test_an_answer_that_agrees_to_beat_without_interval_is_refused() -> None:
    client = ClientSession("demo", codecs(), features=FEATURES, beat=4.0)
    client.greet()
    payload = codecs().by_name["serpent"].dumps({"handshake": 1, "meta": {}})
    client.receive(encode(Message(CONNECT_OK, 1, 0, 0, payload, {"PHON": b"beat"})))
    with pytest.raises(
        RemoteProtocolError, match=r"^the greeting was answered without BEAT"
    ):
        client.next()


def test_the_chunks_of_features_are_not_shown_to_applications() -> None:
    client = ClientSession("demo", codecs(), features=FEATURES, beat=4.0)
    server = ServerSession(codecs(), supported=FEATURES, beat=3.0)
    (greeting,) = feed(server, client.greet(annotations={"INFO": b"x"}))
    assert isinstance(greeting, Greeting)
    assert greeting.annotations == {"INFO": b"x"}
    hello = server.welcome(greeting, "hello", Metadata(), {"INFO": b"y"})
    (welcome,) = feed(client, hello)
    assert isinstance(welcome, Welcome)
    assert welcome.annotations == {"INFO": b"y"}


def test_a_sign_of_life_is_swallowed_by_the_other_end() -> None:
    client, server = joined()
    assert decode(client.pulse()) == Message(PING, 42, 0, 0, b"beat")
    assert feed(server, client.pulse() + client.pulse()) == []
    assert feed(client, server.pulse()) == []


def test_a_session_that_is_not_open_gives_no_sign_of_life() -> None:
    session = ClientSession("demo", codecs())
    with pytest.raises(LocalProtocolError, match=r"^session is new$"):
        session.pulse()


def test_values_are_written_as_what_they_are_once_that_is_agreed() -> None:
    client, server = joined()
    (call,) = feed(server, client.call("add", ({1}, b"x"), {"k": frozenset()}))
    assert (call.args, call.kwargs) == (({1}, b"x"), {"k": frozenset()})
    (reply,) = feed(client, server.result(call, (set(), range(3))))
    assert reply.unwrap() == (set(), range(3))
    client, server = joined(FEATURES - {"values", "buffers"})
    (call,) = feed(server, client.call("add", ((), frozenset()), {}))
    assert call.args == ((), ())


def test_greetings_are_written_as_for_peers_that_know_no_values() -> None:
    client = ClientSession("demo", codecs(), features=FEATURES, beat=4.0)
    server = ServerSession(codecs(), supported=FEATURES, beat=3.0)
    (greeting,) = feed(server, client.greet({"key": b"\0"}))
    assert greeting.handshake == {"key": {"data": "AA==", "encoding": "base64"}}
    (welcome,) = feed(client, server.welcome(greeting, frozenset({1}), None))
    assert welcome.handshake == {1}


def test_codecs_that_do_without_values_do_not_offer_them_or_take_them() -> None:
    without = make_codecs(ClassTable(), Settings(values=False))
    client = ClientSession("demo", without, features=FEATURES, beat=4.0)
    assert b"values" not in decode(client.greet()).annotations["PHON"]
    client = ClientSession("demo", codecs(), features=FEATURES, beat=4.0)
    server = ServerSession(without, supported=FEATURES, beat=3.0)
    feed(client, server.welcome(feed(server, client.greet())[0], "hello", None))
    assert client.features == server.features == FEATURES - {"values", "buffers"}
