"""Pyro4's wire at the port of a daemon of Pyrophone, byte by byte."""

from __future__ import annotations

import json
import marshal
import pickle
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import Pyro4
import Pyro4.errors
from Pyro4 import framing
from Pyro4.dialect import PYRO4, TAGS, Pyro4Dialect
from Pyro4.framing import META_ON_CONNECT
from pyrophone import Blob, Settings, current, expose, oneway
from pyrophone.errors import (
    ConnectError,
    NamingError,
    ProtocolError,
    SecurityError,
    SerializeError,
)
from pyrophone.frontend.dialects import find_dialects
from pyrophone.objects.proxy import proxy_form, remote_of
from pyrophone.sync import Daemon, LoopDaemon, Proxy, batch, connect
from pyrophone.sync.client import codecs_for
from pyrophone.testing.strategies import mutations
from pyrophone.uri import URI
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
)
from pyrophone.wire.metadata import Metadata
from running import LIMIT
from running import running as served

CORRELATION = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff").bytes
HEAD = b"# serpent utf-8 python3.2\n"
HELLO = HEAD + b"{'handshake':'hello','object':'thing'}"
KEY = b"a secret"


class Bomb:
    """Leaves a trace where it is unpickled."""

    went_off = False

    def __reduce__(self) -> Any:
        return setattr, (Bomb, "went_off", True)


@expose
class Other:
    def name(self) -> str:
        return "other"


@expose
class Thing:
    def __init__(self, daemon: LoopDaemon) -> None:
        self._daemon = daemon
        self._value = 7
        self._later = threading.Event()

    def add(self, a: int, b: int = 1) -> int:
        return a + b

    def fail(self) -> None:
        raise ValueError("boom")

    @oneway
    def later(self) -> None:
        self._later.set()

    def was_later(self) -> bool:
        return self._later.wait(LIMIT)

    @property
    def value(self) -> int:
        return self._value

    @value.setter
    def value(self, value: int) -> None:
        self._value = value

    def numbers(self) -> Iterator[str]:
        yield "one"

    def other(self) -> Other:
        other = Other()
        self._daemon.register(other, "other", force=True)
        return other

    def uri(self) -> URI:
        return URI("PYRO", "x", None, "localhost", 1)

    def blob(self, blob: Blob) -> list[Any]:
        return [blob.info, blob.value]

    def echo(self, value: Any) -> Any:
        return value

    def kind(self, value: Any) -> str:
        return type(value).__name__

    def notes(self) -> list[str]:
        current().reply_annotations["RSPX"] = b"resp"
        return sorted(current().annotations)


class Strict(Daemon):
    def greets(self, client: Any, handshake: Any) -> Any:
        if handshake == "bad":
            raise ValueError("wrong password")
        return "hello"


class StrictLoop(LoopDaemon):
    greets = Strict.greets


@pytest.fixture(params=[Strict, StrictLoop], scope="module")
def daemon(request: pytest.FixtureRequest) -> Iterator[LoopDaemon]:
    with served(request.param(dialects=["pyro4"])) as daemon:
        daemon.register(Thing(daemon), "thing")
        yield daemon


class Line:
    """A connection, spoken byte by byte."""

    def __init__(self, sock: socket.socket, key: bytes | None = None) -> None:
        self.sock = sock
        self.key = key
        self.decoder = framing.Decoder(hmac_key=key)

    def send(self, kind: int, payload: bytes, *, seq: int = 0, **more: Any) -> None:
        message = Message(
            kind,
            more.get("serializer", 1),
            more.get("flags", 0),
            seq,
            payload,
            more.get("annotations", {}),
            more.get("correlation", bytes(16)),
        )
        self.sock.sendall(framing.encode(message, hmac_key=self.key))

    def receive(self) -> Message | None:
        """Return the next message, None at the end."""
        while (message := self.decoder.next()) is None:
            try:
                data = self.sock.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                return None
            self.decoder.feed(data)
        return message

    def ask(self, kind: int, payload: bytes, **more: Any) -> Message:
        self.send(kind, payload, **more)
        message = self.receive()
        assert message is not None
        return message

    def invoke(self, literal: str, *, seq: int = 1, **more: Any) -> Message:
        """Make a call, written as a serpent literal."""
        return self.ask(INVOKE, HEAD + literal.encode(), seq=seq, **more)

    def is_over(self) -> bool:
        return self.receive() is None


@contextmanager
def line(daemon: LoopDaemon, key: bytes | None = None) -> Iterator[Line]:
    host, _, port = daemon.location.rpartition(":")
    with closing(socket.create_connection((host, int(port)), LIMIT)) as sock:
        yield Line(sock, key)


@contextmanager
def greeted(daemon: LoopDaemon, key: bytes | None = None) -> Iterator[Line]:
    with line(daemon, key) as conversation:
        answer = conversation.ask(CONNECT, HELLO, flags=META_ON_CONNECT)
        assert answer.kind == CONNECT_OK
        yield conversation


def value(message: Message) -> Any:
    """Return the value of a serpent answer that is a Python literal."""
    assert message.payload.startswith(HEAD)
    return eval(message.payload[len(HEAD) :], {"__builtins__": {}})


# 1 and 2: the greeting.


def test_metadata_come_as_lists_if_they_are_asked_for(daemon: LoopDaemon) -> None:
    with line(daemon) as one:
        answer = one.ask(
            CONNECT,
            HELLO,
            seq=23,
            flags=META_ON_CONNECT | CORRELATED,
            correlation=CORRELATION,
        )
        assert (answer.kind, answer.seq, answer.serializer_id) == (CONNECT_OK, 23, 1)
        assert answer.flags == META_ON_CONNECT | CORRELATED
        assert answer.correlation == CORRELATION
        assert answer.annotations == {}
        welcome = value(answer)
        assert welcome["handshake"] == "hello"
        assert welcome["meta"]["oneway"] == ["later"]
        assert welcome["meta"]["attrs"] == ["value"]
        assert {"add", "fail", "later"} < set(welcome["meta"]["methods"])
        assert type(welcome["meta"]["methods"]) is list


def test_without_metadata_only_the_answer_comes_and_no_object_is_named(
    daemon: LoopDaemon,
) -> None:
    with line(daemon) as one:
        answer = one.ask(CONNECT, HEAD + b"{'handshake':'hello'}")
        assert answer.flags == CORRELATED  # a new one
        assert uuid.UUID(bytes=answer.correlation).version == 4
        assert value(answer) == "hello"
        assert value(one.invoke("('thing','add',(1,),{})")) == 2


@pytest.mark.parametrize(
    ("serializer", "payload", "read"),
    [
        (2, b'{"handshake": "hello", "object": "thing"}', json.loads),
        (3, marshal.dumps({"handshake": "hello", "object": "thing"}), marshal.loads),
    ],
)
def test_the_answer_is_in_the_serializer_of_the_greeting(
    daemon: LoopDaemon, serializer: int, payload: bytes, read: Any
) -> None:
    with line(daemon) as one:
        answer = one.ask(CONNECT, payload, flags=META_ON_CONNECT, serializer=serializer)
        assert answer.serializer_id == serializer
        assert read(answer.payload)["handshake"] == "hello"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (HEAD + b"{'handshake':'bad','object':'thing'}", "wrong password"),
        (HEAD + b"{'handshake':'hello','object':'gone'}", "unknown object"),
    ],
)
def test_a_refusal_is_in_the_clients_serializer_and_ends_it(
    daemon: LoopDaemon, payload: bytes, reason: str
) -> None:
    with line(daemon) as one:
        flags = META_ON_CONNECT | CORRELATED
        answer = one.ask(CONNECT, payload, flags=flags, correlation=CORRELATION)
        assert (answer.kind, answer.serializer_id, answer.flags) == (
            CONNECT_FAIL,
            1,
            CORRELATED,
        )
        assert answer.correlation == CORRELATION
        assert value(answer).startswith(reason)
        assert one.is_over()


@pytest.mark.parametrize("serializer", [4, 5, 7, 99, 0xFFFF])
def test_pickle_and_its_like_are_refused_before_they_are_read(
    daemon: LoopDaemon, serializer: int
) -> None:
    with line(daemon) as one:
        bomb = pickle.dumps({"handshake": Bomb(), "object": "thing"})
        answer = one.ask(CONNECT, bomb, flags=META_ON_CONNECT, serializer=serializer)
        assert (answer.kind, answer.serializer_id, answer.flags) == (CONNECT_FAIL, 3, 0)
        reason = f"message used serializer that is not accepted: {serializer}"
        assert marshal.loads(answer.payload) == reason
        assert one.is_over()
    with greeted(daemon) as one:
        one.send(INVOKE, pickle.dumps(Bomb()), serializer=serializer, seq=1)
        assert one.is_over()
    assert not Bomb.went_off


@pytest.mark.parametrize(
    "data",
    [
        framing.encode(Message(INVOKE, 1, 0, 5, HELLO)),
        framing.encode(Message(PING, 42, 0, 5, b"ping")),
        framing.encode(Message(CONNECT, 1, 0, 5, HELLO))[:22] + b"\0\0",
        framing.encode(Message(CONNECT, 1, 0, 0, bytes(100_000))),
        framing.encode(Message(CONNECT, 1, 0, 0, HEAD + b"{'handshake'")),
        framing.encode(Message(CONNECT, 1, 0, 0, HEAD + b"['handshake']")),
        framing.encode(Message(CONNECT, 1, META_ON_CONNECT, 0, HEAD + b"{'handshake':1}")),
        framing.encode(Message(CONNECT, 1, 0, 0, HELLO), hmac_key=KEY),
        framing.encode(Message(CONNECT, 1, 0, 0, bytes(10_000_000)), compress=True),
    ],
)
def test_what_is_no_greeting_is_refused_in_marshal_with_number_0(
    daemon: LoopDaemon, data: bytes
) -> None:
    with line(daemon) as one:
        one.sock.sendall(data)
        answer = one.receive()
        assert answer is not None
        assert (answer.kind, answer.serializer_id, answer.seq) == (CONNECT_FAIL, 3, 0)
        assert isinstance(marshal.loads(answer.payload), str)
        assert one.is_over()


def test_who_says_no_more_than_who_it_is_must_go() -> None:
    with served(
        Daemon(dialects=["pyro4"], settings=Settings(handshake_timeout=0.05))
    ) as daemon:
        with line(daemon) as one:
            one.sock.sendall(b"PYRO\0\x30")
            assert one.is_over()


def test_a_client_of_502_that_looks_like_none_at_first_is_one(daemon: LoopDaemon) -> None:
    with line(daemon) as one:
        one.sock.sendall(b"PYRO\x01")
        with greeted(daemon) as other:  # a moment passes
            assert value(other.invoke("('thing','add',(1,),{})")) == 2
        one.sock.sendall(b"\xf5")
        assert one.sock.recv(100).startswith(b"PYRO\x01\xf6\x03")


# 3: calls.


def test_a_call_is_answered_in_its_number_and_serializer_with_its_id(
    daemon: LoopDaemon,
) -> None:
    with greeted(daemon) as one:
        call = "('thing','add',(1,),{'b':2})"
        answer = one.invoke(call, seq=65535, flags=CORRELATED, correlation=CORRELATION)
        assert answer == Message(RESULT, 1, CORRELATED, 65535, HEAD + b"3", {}, CORRELATION)
        first, second = (one.invoke(call, seq=n).correlation for n in (0, 1))
        assert first != second


def test_a_one_way_call_is_not_answered(daemon: LoopDaemon) -> None:
    with greeted(daemon) as one:
        one.send(INVOKE, HEAD + b"('thing','later',(),{})", seq=1, flags=ONEWAY)
        answer = one.invoke("('thing','was_later',(),{})", seq=2)
        assert (answer.seq, value(answer)) == (2, True)


def test_annotations_go_both_ways(daemon: LoopDaemon) -> None:
    with greeted(daemon) as one:
        answer = one.invoke("('thing','notes',(),{})", annotations={"USRX": b"abc"})
        assert (value(answer), answer.annotations) == (["USRX"], {"RSPX": b"resp"})


def test_a_blob_is_passed_unread(daemon: LoopDaemon) -> None:
    with greeted(daemon) as one:
        address = {"BLBI": marshal.dumps(("info", "thing", "blob"))}
        call = "('other','never',[1,2,3],{})"
        answer = one.invoke(call, flags=BLOB, annotations=address)
        assert value(answer) == ["info", [1, 2, 3]]


# 4: pings.


def test_a_ping_is_answered_with_an_id(daemon: LoopDaemon) -> None:
    with greeted(daemon) as one:
        answer = one.ask(PING, b"ping", serializer=42)
        assert (answer.kind, answer.serializer_id, answer.payload) == (PING, 42, b"pong")
        assert answer.flags == CORRELATED


# 5: errors.


def test_an_exception_has_its_traceback_and_no_id(daemon: LoopDaemon) -> None:
    with greeted(daemon) as one:
        answer = one.invoke("('thing','fail',(),{})", flags=CORRELATED)
        assert (answer.flags, answer.annotations) == (EXCEPTION, {})
        error = value(answer)
        assert (error["__class__"], error["args"]) == ("builtins.ValueError", ("boom",))
        assert error["__exception__"] is True
        assert error["attributes"]["_pyroTraceback"][-1] == "ValueError: boom\n"


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("('gone','add',(),{})", "Pyro4.errors.DaemonError"),
        ("('thing','nothing',(),{})", "builtins.AttributeError"),
        ("('thing','_later',(),{})", "builtins.AttributeError"),
        ("('thing','add'", "Pyro4.errors.SerializeError"),
        (
            "('thing','echo',({'__class__':'lab.Unknown'},),{})",
            "Pyro4.errors.SerializeError",
        ),
        ("('thing','echo',({'__class__':'__main__.X'},),{})", "Pyro4.errors.SecurityError"),
        (
            "('thing','echo',({'__class__':'Pyro5.core.URI'},),{})",
            "Pyro4.errors.SerializeError",
        ),
    ],
)
def test_what_can_be_answered_is_and_the_connection_stays(
    daemon: LoopDaemon, call: str, name: str
) -> None:
    with greeted(daemon) as one:
        answer = one.invoke(call)
        assert answer.flags == EXCEPTION
        assert value(answer)["__class__"] == name
        assert value(one.invoke("('thing','add',(1,),{})", seq=2)) == 2


@pytest.mark.parametrize(
    "data",
    [
        b"PYRO\x01\xf6" + bytes(40),  # the other dialect, too late
        framing.encode(Message(CONNECT, 1, META_ON_CONNECT, 0, HELLO)),
        framing.encode(Message(RESULT, 1, 0, 1, HEAD + b"3")),
        framing.encode(Message(PING, 42, 0, 0, b"ping"))[:22] + b"\0\0",
        framing.encode(Message(PING, 42, 0, 0, b"ping"), hmac_key=KEY),
        b"x" * 24,
    ],
)
def test_what_cannot_be_read_closes_the_connection(daemon: LoopDaemon, data: bytes) -> None:
    with greeted(daemon) as one:
        one.sock.sendall(data)
        assert one.is_over()
    with greeted(daemon) as one:
        assert value(one.invoke("('thing','add',(1,),{})")) == 2


# 6 and 7: attributes and batches.


@pytest.mark.parametrize("keywords", ["None", "{}"])
def test_attributes_are_read_and_written(daemon: LoopDaemon, keywords: str) -> None:
    with greeted(daemon) as one:
        written = one.invoke(f"('thing','__setattr__',('value',9),{keywords})")
        assert value(written) is None
        assert value(one.invoke(f"('thing','__getattr__',('value',),{keywords})")) == 9


def test_a_batch_ends_with_its_failure(daemon: LoopDaemon) -> None:
    with greeted(daemon) as one:
        calls = "[('add',(1,2),{}),('fail',(),{}),('add',(1,1),{})]"
        answer = one.invoke(f"('thing','<batch>',{calls},None)", flags=BATCH)
        assert answer.flags == BATCH | CORRELATED
        three, failure = value(answer)
        assert three == 3
        assert failure["__class__"] == "Pyro4.futures._ExceptionWrapper"
        assert failure["exception"]["__class__"] == "builtins.ValueError"


# 8 and 9: the control object, and streams.


def test_metadata_can_be_asked_for(daemon: LoopDaemon) -> None:
    with greeted(daemon) as one:
        one.invoke("('thing','other',(),{})")
        asked = "('Pyro.Daemon','get_metadata',('other',),{})"
        assert value(one.invoke(asked)) == {"methods": {"name"}, "oneway": (), "attrs": ()}
        asked = "('Pyro.Daemon','get_metadata',('other',),{'as_lists':True})"
        assert value(one.invoke(asked)) == {"methods": ["name"], "oneway": [], "attrs": []}
        assert value(one.invoke("('Pyro.Daemon','ping',(),{})")) is None
        assert "objects" in value(one.invoke("('Pyro.Daemon','info',(),{})"))


def test_a_stream_is_read_item_by_item(daemon: LoopDaemon) -> None:
    with greeted(daemon) as one:
        answer = one.invoke("('thing','numbers',(),{})", flags=CORRELATED)
        assert answer.flags == EXCEPTION | STREAM
        name = answer.annotations["STRM"].decode()
        assert [*answer.annotations] == ["STRM"]
        assert value(answer)["__class__"] == "Pyro4.errors.ProtocolError"
        item = f"('Pyro.Daemon','get_next_stream_item',['{name}'],{{}})"
        assert value(one.invoke(item)) == "one"
        assert value(one.invoke(item))["__class__"] == "builtins.StopIteration"
        close = f"('Pyro.Daemon','close_stream',['{name}'],{{}})"
        one.send(INVOKE, HEAD + close.encode(), seq=5, flags=ONEWAY)
        gone = value(one.invoke(item, seq=6))
        assert gone["__class__"] == "Pyro4.errors.PyroError"


# 10: connected sockets.


@pytest.mark.parametrize("kind", [Daemon, LoopDaemon])
def test_nobody_greets_on_a_connected_socket(kind: type[LoopDaemon]) -> None:
    ours, theirs = socket.socketpair()
    theirs.settimeout(LIMIT)
    with (
        closing(ours),
        closing(theirs),
        served(kind(sock=ours, dialects=["pyro4"])) as daemon,
    ):
        daemon.register(Thing(daemon), "thing")
        one = Line(theirs)
        members = value(one.invoke("('Pyro.Daemon','get_metadata',('thing',),{})"))
        assert "add" in members["methods"]
        assert value(one.invoke("('thing','add',(1,),{})", seq=2)) == 2


# Proxies and URIs.


def test_objects_of_the_daemon_arrive_as_proxies_of_pyro4(daemon: LoopDaemon) -> None:
    with greeted(daemon) as one:
        form = value(one.invoke("('thing','other',(),{})"))
        assert form["__class__"] == "Pyro4.core.Proxy"
        uri = f"PYRO:other@{daemon.location}"
        assert form["state"] == (uri, (), ("name",), (), 0.0, None, "hello", 0, None)
        form = value(one.invoke("('thing','uri',(),{})"))
        assert form == {
            "__class__": "Pyro4.core.URI",
            "state": ("PYRO", "x", None, "localhost", 1),
        }


URI_FORM = "{'__class__':'Pyro4.core.URI','state':('PYRO','x',None,'localhost',1)}"
STATE = "'PYRO:x@localhost:1',(),('name',),(),0.0,None,'hello',0"


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        (URI_FORM, "URI"),
        (f"{{'__class__':'Pyro4.core.Proxy','state':({STATE})}}", "Proxy"),
        (f"{{'__class__':'Pyro4.core.Proxy','state':({STATE},'pickle')}}", "Proxy"),
        (f"{{'__class__':'Pyro4.core.Proxy','state':[{STATE},None]}}", "Proxy"),
        ("{'__class__':'Pyro4.core.Daemon','state':()}", "Placeholder"),
        ("{'__class__':'Pyro4.util.JsonSerializer'}", "str"),
        ("{'__class__':'float','value':'nan'}", "float"),
        (
            "{'__class__':'Pyro4.errors.NamingError','__exception__':True,'args':('no',)}",
            "NamingError",
        ),
        (
            "{'__class__':'Pyro4.futures._ExceptionWrapper','exception':"
            "{'__class__':'Pyro4.errors.DaemonError','__exception__':True,'args':()}}",
            "Failure",
        ),
    ],
)
def test_what_clients_of_pyro4_pass_is_understood(
    daemon: LoopDaemon, form: str, kind: str
) -> None:
    with greeted(daemon) as one:
        assert value(one.invoke(f"('thing','kind',({form},),{{}})")) == kind


def test_a_key_in_a_proxy_signs_calls_of_that_proxy_and_goes_no_further() -> None:
    with served(Daemon(dialects=[Pyro4Dialect(KEY)])) as server:
        uri = server.register(Other(), "other")
        codecs = codecs_for(Settings(), None, PYRO4)
        classes, serpent = codecs.classes, codecs.by_name["serpent"]
        state = (str(uri), (), ("name",), (), 0.0, "b64:YSBzZWNyZXQ=", "hello", 0, "json")
        proxy = classes.from_form({"__class__": "Pyro4.core.Proxy", "state": state})
        assert isinstance(proxy, Proxy)
        with proxy:
            assert proxy.name() == "other"
        assert remote_of(proxy).line.settings.serializer == "json"
        for data in (serpent.dumps(proxy), serpent.dumps([proxy])):
            assert b"b64" not in data
            assert b"Pyro4.core.Proxy" in data


@pytest.mark.parametrize(
    "state",
    [
        None,
        (),
        "PYRO:x@y:1",
        ("PYRO:x@localhost:1", (), (), (), 0.0, None, "hello"),
        ("PYRO:x@localhost:1", (), (), (), 0.0, "key", "hello", 0, None),
        ("PYRO:x@localhost:1", (), (), (), 0.0, "b64:?", "hello", 0, None),
        ("PYRO:x@localhost:1", (), (), (), 0.0, 5, "hello", 0, None),
        ("PYRO:x@localhost:1", (), (), (), 0.0, None, "hello", 0, 5),
        ("PYRO:x@localhost:1", 1, 2, 3, 0.0, None, "hello", 0, None),
        ("x", (), (), (), 0.0, None, "hello", 0, None),
    ],
)
def test_malformed_proxies_are_refused(state: Any) -> None:
    classes = codecs_for(Settings(), None, PYRO4).classes
    with pytest.raises(SerializeError):
        classes.from_form({"__class__": "Pyro4.core.Proxy", "state": state})


def test_forms_of_proxies_are_those_of_pyro4_and_back() -> None:
    ours = proxy_form(
        "PYRO:x@y:1", Metadata(frozenset("m"), frozenset("o"), frozenset("a"))
    )
    theirs = TAGS.write(ours)
    assert theirs["state"] == (
        "PYRO:x@y:1",
        ("o",),
        ("m",),
        ("a",),
        0.0,
        None,
        "hello",
        0,
        None,
    )
    assert TAGS.read(theirs) == {**ours, "dialect": PYRO4}


# Signatures.


def test_a_signed_conversation() -> None:
    with served(Daemon(dialects=[Pyro4Dialect(KEY)])) as daemon:
        daemon.register(Thing(daemon), "thing")
        with greeted(daemon, KEY) as one:
            assert value(one.invoke("('thing','add',(1,),{})")) == 2
            assert value(one.invoke("('thing','fail',(),{})"))["args"] == ("boom",)
            assert one.ask(PING, b"ping").payload == b"pong"
            one.sock.sendall(framing.encode(Message(PING, 42, 0, 0, b"ping")))  # unsigned
            assert one.is_over()
        with connect(daemon.uri_of("thing")) as ours:  # signs nothing, and may come in
            assert ours.add(1) == 2


@pytest.mark.parametrize("key", [None, b"another"])
def test_who_has_no_key_or_another_is_refused_in_a_signed_answer(key: bytes | None) -> None:
    with served(Daemon(dialects=[Pyro4Dialect(KEY)])) as daemon:
        daemon.register(Thing(daemon), "thing")
        with line(daemon, KEY) as one:
            greeting = Message(CONNECT, 1, META_ON_CONNECT, 0, HELLO)
            one.sock.sendall(framing.encode(greeting, hmac_key=key))
            answer = one.receive()
            assert answer is not None
            assert (answer.kind, answer.serializer_id) == (CONNECT_FAIL, 3)
            assert "hmac" in marshal.loads(answer.payload)
            assert one.is_over()
        for dialect in (PYRO4, Pyro4Dialect(b"another")):
            with pytest.raises((ConnectError, SecurityError), match="hmac"):
                connect(daemon.uri_of("thing"), dialect=dialect)
        with connect(daemon.uri_of("thing"), dialect=Pyro4Dialect(KEY)) as thing:
            assert thing.add(1) == 2


def test_a_key_is_bytes_and_an_empty_one_is_none() -> None:
    assert not Pyro4Dialect().signs
    assert not Pyro4Dialect(b"").signs
    assert Pyro4Dialect(b"x").signs
    with pytest.raises(TypeError, match="hmac_key is str, must be bytes"):
        Pyro4Dialect("text")  # type: ignore[arg-type]


# Our own proxies, in Pyro4's wire.


def test_the_dialect_is_found_by_its_name() -> None:
    assert find_dialects(["pyro4"]) == (PYRO4,)
    assert repr(PYRO4) == "<dialect pyro4, protocol 48>"


@pytest.mark.parametrize("serializer", ["serpent", "json", "marshal", "msgpack"])
def test_our_proxies_speak_it_too(daemon: LoopDaemon, serializer: str) -> None:
    how = Settings(serializer=serializer, timeout=LIMIT, compression=True)
    with connect(daemon.uri_of("thing"), settings=how, dialect="pyro4") as thing:
        assert thing.add(1, b=2) == 3
        with pytest.raises(ValueError, match="boom"):
            thing.fail()
        thing.value = 4
        assert thing.value == 4
        assert list(thing.numbers()) == ["one"]
        with thing.other() as other:
            assert other.name() == "other"
        assert thing.blob(Blob("info", [1, 2])) == ["info", [1, 2]]
        calls = batch(thing)
        calls.add(1)
        calls.fail()
        results = calls()
        assert next(results) == 2
        with pytest.raises(ValueError, match="boom"):
            next(results)
        assert thing.echo("x" * 1000) == "x" * 1000


# Whatever else may come.


def conversation() -> bytes:
    greeting = Message(CONNECT, 1, META_ON_CONNECT, 0, HELLO)
    calls = [
        Message(INVOKE, 1, CORRELATED, n, HEAD + b"('thing','add',(1,),{})") for n in (1, 2)
    ]
    return b"".join(map(framing.encode, [greeting, *calls]))


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=mutations(conversation()) | st.binary().map(b"PYRO\0\x30".__add__))
def test_no_mutation_of_a_conversation_harms_the_daemon(
    daemon: LoopDaemon, data: bytes
) -> None:
    with line(daemon) as one:
        one.sock.sendall(data)
        one.sock.shutdown(socket.SHUT_WR)
        while True:
            try:
                if not one.sock.recv(65536):
                    break
            except ConnectionResetError:
                break
    with greeted(daemon) as one:
        assert value(one.invoke("('thing','add',(1,),{})")) == 2


# The package's own daemon, whose first wire this is.


@Pyro4.expose
class Old:
    def make(self) -> Any:
        other = Old()
        self._pyroDaemon.register(other)  # type: ignore[attr-defined]
        return other

    def kind(self, value: Any) -> str:
        return f"{type(value).__module__}.{type(value).__name__}"

    def uri(self) -> Any:
        return Pyro4.URI("PYRO:x@y:1")

    def fail(self) -> None:
        raise Pyro4.errors.NamingError("unknown")

    def call(self, other: Any) -> Any:
        return other.kind(1)


@pytest.mark.parametrize("serializer", ["serpent", "json", "marshal"])
def test_the_packages_daemon_answers_502_too(
    server_type: str, serve: Any, serializer: str
) -> None:
    uri = str(serve(Old()))
    how = Settings(serializer=serializer, timeout=LIMIT)
    for dialect in ("pyro5", "pyro4"):
        with connect(uri, settings=how, dialect=dialect) as old:
            assert old.kind(1) == "builtins.int"
            assert old.uri() == URI("PYRO", "x", None, "y", 1)
            assert old.kind(old.uri()) == "Pyro4.core.URI"
            with pytest.raises(NamingError, match="unknown"):
                old.fail()
            made = old.make()
            assert type(made) is Proxy
            assert remote_of(made).line.dialect.name == dialect
            with made:
                assert made.kind(1) == "builtins.int"
            calls = batch(old)
            calls.kind(1)
            calls.fail()
            results = calls()
            assert next(results) == "builtins.int"
            with pytest.raises(NamingError):
                next(results)


def test_the_packages_daemon_accepts_in_502_what_it_accepts_in_48(serve: Any) -> None:
    Pyro4.config.SERIALIZERS_ACCEPTED = {"pickle", "json"}
    uri = str(serve(Old()))
    with connect(uri, settings=Settings(serializer="json", timeout=LIMIT)) as old:
        assert old.kind(1) == "builtins.int"
    for serializer in ("serpent", "marshal"):
        with pytest.raises(ConnectError, match="serializer"):
            connect(uri, settings=Settings(serializer=serializer, timeout=LIMIT))


def test_the_packages_daemon_with_a_key_answers_nobody_who_signs_nothing(
    running: Any,
) -> None:
    daemon = Pyro4.Daemon()
    daemon._pyroHmacKey = KEY
    uri = str(daemon.register(Old()))
    running(daemon)
    for dialect in ("pyro5", "pyro4"):
        with pytest.raises((ProtocolError, SecurityError), match=r"hmac|version"):
            connect(uri, settings=Settings(timeout=LIMIT), dialect=dialect)
    with connect(uri, settings=Settings(timeout=LIMIT), dialect=Pyro4Dialect(KEY)) as old:
        assert old.kind(1) == "builtins.int"
