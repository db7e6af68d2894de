"""A proxy against a server that plays what the real Pyro4 was heard to say.

What the proxy sends is compared byte for byte; what it is answered are recorded bytes.
"""

from __future__ import annotations

import gc
import json
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import Pyro4
from Pyro4.callcontext import current_context
from Pyro4.configuration import config
from Pyro4.core import SerializedBlob
from Pyro4.errors import (
    CommunicationError,
    ConnectionClosedError,
    DaemonError,
    NamingError,
    ProtocolError,
    SecurityError,
    SerializeError,
)
from Pyro4.message import Message

VECTORS: dict[str, Any] = {
    vector["name"]: vector
    for vector in json.loads(
        (Path(__file__).parent / "vectors" / "pyro4-vectors.json").read_text()
    )
}
CORRELATION = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
CONNECT = ("connect-serpent-request", "connect-serpent-ok")
Step = tuple[str, str | bytes | None]


def wire(name: str) -> bytes:
    """Return the bytes of a recorded message."""
    return bytes.fromhex(VECTORS[name]["hex"])


OTHER_STREAM = wire("stream-call-result").replace(
    b"f210c082-2e77-452a-8357-ccad7ecbe38c", b"a31bd4fa-44c4-421f-ad57-c59d9727ab9e"
)


class Player:
    """Waits for a connection, then plays the steps; notes what is not as it should be."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self.steps = steps
        self.wrong: list[Any] = []
        self.left: bytes | None = None
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(10)
        self.uri = f"PYRO:test.obj@127.0.0.1:{self.server.getsockname()[1]}"
        self.thread = threading.Thread(target=self.play, daemon=True)
        self.thread.start()

    def play(self) -> None:
        """Play all steps, then wait until the proxy hangs up."""
        connection, _ = self.server.accept()
        with connection:
            connection.settimeout(10)
            for request, answer in self.steps:
                expected = wire(request)
                got = connection.recv(len(expected), socket.MSG_WAITALL)
                if got != expected:
                    self.wrong.append((request, got))
                if isinstance(answer, str):
                    answer = wire(answer)
                if answer is not None:
                    connection.sendall(answer)
            self.left = connection.recv(99)

    def stop(self) -> None:
        """See to it that all went as written."""
        self.thread.join(10)
        self.server.close()
        assert (self.wrong, self.left) == ([], b"")


@pytest.fixture
def play() -> Iterator[Callable[..., Pyro4.Proxy]]:
    """Give a function that starts a player, and returns a proxy for it."""
    players, proxies = [], []

    def start(*steps: Step, seq: int = 0, serializer: str = "serpent") -> Pyro4.Proxy:
        players.append(Player(steps))
        proxy = Pyro4.Proxy(players[-1].uri)
        current_context.correlation_id = CORRELATION
        proxy._pyroSerializer = serializer
        proxy._pyroSeq = seq
        proxy._pyroTimeout = 10
        proxies.append(proxy)
        return proxy

    yield start
    for proxy in proxies:
        proxy._pyroRelease()
    for player in players:
        player.stop()


def connected(proxy: Pyro4.Proxy, seq: int) -> Pyro4.Proxy:
    """Return the proxy, connected, its next message numbered *seq*."""
    proxy._pyroBind()
    proxy._pyroSeq = seq - 1
    return proxy


Play = Callable[..., Pyro4.Proxy]


def test_a_greeting_brings_the_members_and_a_call_its_result(play: Play) -> None:
    proxy = play(CONNECT, ("invoke-serpent-request", "invoke-serpent-result"))
    assert proxy.add(1, b=2) == 3
    assert (proxy._pyroOneway, proxy._pyroAttrs) == ({"later"}, {"value"})
    assert current_context.response_annotations == {"CORR": CORRELATION.bytes}


@pytest.mark.parametrize("name", ["json", "msgpack", "pickle"])
def test_other_serializers_are_spoken_likewise(play: Play, name: str) -> None:
    proxy = play(
        (f"connect-{name}-request", f"connect-{name}-ok"),
        (f"invoke-{name}-request", f"invoke-{name}-result"),
        serializer=name,
    )
    assert proxy.add(1, b=2) == 3


def test_marshal_is_understood(play: Play) -> None:
    message = Message(1, b"", 3, 0, 0)
    assert message.to_bytes()[:8] == wire("connect-marshal-request")[:8]
    codec = Pyro4.util.get_serializer("marshal")
    data = wire("invoke-marshal-request")[24 + 22 :]
    assert codec.loadsCall(data) == ("test.obj", "add", [1], {"b": 2})


def test_exceptions_are_raised_with_their_traceback(play: Play) -> None:
    proxy = connected(play(CONNECT, ("exception-request", "exception-result")), 3)
    with pytest.raises(ValueError, match="boom") as caught:
        proxy.fail()
    assert vars(caught.value)["_pyroTraceback"][-1] == "ValueError: boom\n"
    assert proxy._pyroConnection is not None


def test_one_way_calls_have_no_answer(play: Play) -> None:
    proxy = connected(play(CONNECT, ("oneway-request", None)), 4)
    assert proxy.later(5) is None


def test_a_batch_is_one_message(play: Play) -> None:
    steps: list[Step] = [("batch-request", "batch-result"), ("batch-oneway-request", None)]
    batch = Pyro4.batch(connected(play(CONNECT, *steps), 6))
    batch.add(1, 2)
    batch.fail()
    batch.add(5)
    results = batch()
    assert next(results) == 3
    with pytest.raises(ValueError, match="boom"):
        next(results)
    batch.add(1)
    assert batch(oneway=True) is None


def test_attributes_are_calls_without_keywords(play: Play) -> None:
    steps = [("getattr-request", "getattr-result"), ("setattr-request", "setattr-result")]
    proxy = connected(play(CONNECT, *steps), 9)
    assert proxy.value == 7
    proxy.value = 9


def test_items_of_a_stream_are_asked_for_until_it_is_closed(play: Play) -> None:
    proxy = connected(
        play(
            CONNECT,
            ("stream-call-request", "stream-call-result"),
            ("stream-next-request", "stream-next-result"),
        ),
        11,
    )
    items = proxy.gen()
    assert next(items) == "one"
    proxy._pyroRelease()
    with pytest.raises(ConnectionClosedError):
        next(items)


def test_a_stream_is_closed_without_waiting(play: Play) -> None:
    proxy = play(
        CONNECT,
        ("stream-call-request", OTHER_STREAM),
        ("stream-close-request", None),
    )
    items = connected(proxy, 11).gen()
    proxy._pyroSeq = 15
    items.close()
    assert proxy._pyroSeq == 16


def test_a_forgotten_stream_is_closed_likewise(play: Play) -> None:
    proxy = play(
        CONNECT, ("stream-call-request", OTHER_STREAM), ("stream-close-request", None)
    )
    items = connected(proxy, 11).gen()
    proxy._pyroSeq = 15
    del items
    gc.collect()
    assert proxy._pyroSeq == 16


def test_long_data_are_deflated_if_asked(play: Play) -> None:
    config.COMPRESSION = True
    proxy = play(CONNECT, ("compressed-request", "compressed-result"))
    config.COMPRESSION = False
    connected(proxy, 18)
    config.COMPRESSION = True
    assert proxy.big("a" * 300) == "A" * 300


def test_without_metadata_nothing_is_asked(play: Play) -> None:
    config.METADATA = False
    proxy = play(
        ("connect-nometa-request", "connect-nometa-ok"),
        ("unexposed-request", "unexposed-result"),
    )
    connected(proxy, 2)
    with pytest.raises(AttributeError, match="no attribute 'nosuch'"):
        proxy.nosuch()


def test_annotations_go_both_ways(play: Play) -> None:
    proxy = connected(play(CONNECT, ("annotations-request", "annotations-result")), 21)
    sent = VECTORS["annotations-request"]["decoded"]["annotations"]["USRX"]
    back = VECTORS["annotations-result"]["decoded"]["annotations"]["RSPX"]
    current_context.annotations = {"USRX": bytes.fromhex(sent)}
    assert proxy.annotated() == ["CORR", "USRX"]
    assert current_context.response_annotations["RSPX"] == bytes.fromhex(back)
    assert current_context.annotations == {}


def test_a_blob_has_its_address_in_an_annotation(play: Play) -> None:
    proxy = connected(play(CONNECT, ("blob-request", "blob-result")), 22)
    assert proxy.process(SerializedBlob("info-1", [1, 2, 3])) == ["info-1", [1, 2, 3]]


def test_a_proxy_arrives_as_one(play: Play) -> None:
    proxy = play(
        CONNECT,
        ("autoproxy-arg-serpent-request", "autoproxy-serpent-result"),
    )
    viewer = Pyro4.Proxy("PYRO:client.viewer@127.0.0.1:50060")
    viewer._pyroMethods = {"hi"}
    connected(proxy, 23)
    answer = wire("autoproxy-serpent-result")
    assert answer[10:12] == b"\x00\x13"
    with pytest.raises(ProtocolError, match="got 19 expected 23"):
        proxy.keep(viewer, ["GOOG", "BP"])
    assert proxy._pyroConnection is None


@pytest.mark.parametrize(
    ("serializer", "seq"), [("serpent", 19), ("json", 3), ("msgpack", 3), ("pickle", 3)]
)
def test_a_proxy_comes_back_as_one(serializer: str, seq: int) -> None:
    message = Message.recv(Reader(wire(f"autoproxy-{serializer}-result")))
    assert message.seq == seq
    value = Pyro4.util.get_serializer(serializer).loads(message.data)
    assert type(value) is Pyro4.Proxy
    assert str(value._pyroUri) == "PYRO:test.second@127.0.0.1:50000"
    assert value._pyroMethods == {"hi"}


class Reader:
    """Gives bytes, as a connection does."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def recv(self, size: int) -> bytes:
        """Return so many."""
        data, self.data = self.data[:size], self.data[size:]
        return data


def test_the_number_goes_on_when_it_connects_again(play: Play) -> None:
    proxy = play(("reconnect-request", "reconnect-ok"), seq=23)
    assert proxy._pyroBind()
    assert not proxy._pyroBind()


def test_signed_messages_are_exchanged_with_the_key(play: Play) -> None:
    proxy = play(
        ("hmac-connect-request", "hmac-connect-ok"),
        ("hmac-invoke-request", "hmac-invoke-result"),
    )
    proxy._pyroHmacKey = "secretkey"
    assert proxy.add(1, b=2) == 3


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        ("connectfail-unknown-object", CommunicationError, "rejected: unknown object"),
        ("connectfail-serializer", CommunicationError, "not accepted: 2"),
        ("connectfail-no-free-workers", CommunicationError, "no free workers"),
        ("hmac-connectfail-unkeyed", CommunicationError, "hmac key config not symmetric"),
        ("connect-json-ok", ProtocolError, "another serializer: 2"),
        ("connect-pickle-ok", ProtocolError, "another serializer: 4"),
        ("invoke-serpent-result", ProtocolError, "invalid msg type 5"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", ProtocolError, "unsupported protocol"),
        (b"PYRO\x01\xf6" + bytes(34), ProtocolError, "unsupported protocol version"),
    ],
)
def test_a_greeting_that_fails_tells_why(
    play: Play, answer: Any, error: type[Exception], text: str
) -> None:
    proxy = play((CONNECT[0], answer))
    with pytest.raises(error, match=text) as caught:
        proxy._pyroBind()
    assert isinstance(caught.value, CommunicationError)
    assert proxy._pyroConnection is None


def test_errors_of_the_daemon_are_errors_of_pyro4(play: Play) -> None:
    answer = bytearray(wire("unknown-object-result"))
    proxy = play(CONNECT, ("invoke-serpent-request", bytes(answer)))
    with pytest.raises(DaemonError, match="unknown object"):
        connected(proxy, 1).add(1, b=2)
    message = Message.recv(Reader(wire("ns-lookup-error-result")))
    error = Pyro4.util.get_serializer("serpent").loads(message.data)
    assert isinstance(error, NamingError)


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        ("exception-result", ProtocolError, "got 3 expected 1"),
        ("invoke-json-result", SerializeError, "invalid serializer in response: 2"),
        ("invoke-pickle-result", SerializeError, "invalid serializer in response: 4"),
        ("hmac-invoke-result", SecurityError, "hmac key config not symmetric"),
        ("connect-serpent-ok", ProtocolError, "invalid msg type 2"),
        (b"", ConnectionClosedError, "receiving"),
        (b"PYRO\x00\x30" + bytes(18), ProtocolError, "checksum"),
    ],
)
def test_a_wrong_answer_is_refused_and_ends_the_connection(
    answer: Any, error: type[Exception], text: str
) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        proxy = Pyro4.Proxy("PYRO:test.obj@localhost:1")
        proxy._pyroMethods = {"add"}
        proxy._pyroConnection = Pyro4.socketutil.SocketConnection(ours, "test.obj")
        theirs.sendall(wire(answer) if isinstance(answer, str) else answer)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(error, match=text):
            proxy.add(1, b=2)
        assert proxy._pyroConnection is None


def test_a_connected_socket_has_no_greeting() -> None:
    ours, theirs = socket.socketpair()
    metadata = Message(
        5, b"# serpent utf-8 python3.2\n{'methods':{'hi'},'oneway':(),'attrs':()}", 1, 0, 1
    )
    result = Message(5, b"# serpent utf-8 python3.2\n5", 1, 0, 2)
    with ours, theirs:
        theirs.sendall(metadata.to_bytes() + result.to_bytes())
        proxy = Pyro4.Proxy("test.obj", connected_socket=ours)
        assert proxy._pyroMethods == {"hi"}
        assert proxy.hi() == 5
        proxy._pyroRelease()
        assert proxy._pyroConnection is not None  # it was given: nothing to be done
        theirs.settimeout(10)
        reader = Pyro4.socketutil.SocketConnection(theirs)
        first, second = Message.recv(reader), Message.recv(reader)
        codec = Pyro4.util.get_serializer("serpent")
        assert (first.type, first.seq) == (4, 1)
        assert codec.loadsCall(first.data)[:2] == ("Pyro.Daemon", "get_metadata")
        assert (second.seq, codec.loadsCall(second.data)) == (2, ("test.obj", "hi", (), {}))


def test_a_connected_socket_is_not_asked_for_what_is_not_wanted() -> None:
    config.METADATA = False
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(Message(5, b"# serpent utf-8 python3.2\n5", 1, 0, 1).to_bytes())
        assert Pyro4.Proxy("test.obj", connected_socket=ours).hi() == 5
