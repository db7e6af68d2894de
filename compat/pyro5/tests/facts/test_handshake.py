"""Greetings and calls on connections that have little more than send and recv."""

import uuid

import pytest

from Pyro5 import errors, protocol, serializers
from Pyro5.api import Daemon, Proxy, current_context, expose, oneway
from Pyro5.protocol import SendingMessage

NAMES = ["serpent", "json", "marshal", "msgpack"]


@expose
class Thing:
    def __init__(self):
        self.calls = []

    def method(self, value=1):
        self.calls.append(value)
        return value

    def fail(self):
        raise ZeroDivisionError("oops")

    @property
    def value(self):
        return 42

    @oneway
    def once(self):
        pass


class Bare:
    """Has send and recv, nothing else."""

    def __init__(self, wire):
        self.send = wire.send
        self.recv = wire.recv


class Named(Bare):
    """Has a socket, too, which is asked who is there."""

    def __init__(self, wire):
        super().__init__(wire)
        self.sock = wire.sock


@pytest.fixture
def daemon(daemon):
    daemon.register(Thing(), "thing", force=True)
    return daemon


def read(message):
    return serializers.serializers_by_id[message.serializer_id].loads(message.data)


@pytest.mark.parametrize("name", NAMES)
def test_a_greeting(daemon, wire, greeting, name):
    connection = wire(greeting("thing", serializer=name, seq=77))
    assert daemon._handshake(connection) is True
    answer = connection.answer()
    assert answer.type == protocol.MSG_CONNECTOK
    assert answer.seq == 77
    assert answer.serializer_id == serializers.serializers[name].serializer_id
    data = read(answer)
    assert sorted(data) == ["handshake", "meta"]
    assert data["handshake"] == "hello"
    assert set(data["meta"]["methods"]) == {"method", "fail", "once"}
    assert set(data["meta"]["oneway"]) == {"once"}
    assert set(data["meta"]["attrs"]) == {"value"}


def test_a_greeting_for_the_daemon_itself(daemon, wire, greeting):
    connection = wire(greeting("Pyro.Daemon"))
    assert daemon._handshake(connection)
    assert "ping" in read(connection.answer())["meta"]["methods"]


def test_a_bare_connection(daemon, wire, greeting, calling):
    tape = wire(greeting("thing"), calling("thing", "method", 5))
    assert daemon._handshake(Bare(tape))
    assert tape.answer().type == protocol.MSG_CONNECTOK
    daemon.handleRequest(Named(tape))
    assert read(tape.answer()) == 5


@pytest.mark.parametrize("name", NAMES)
def test_unknown_objects(daemon, wire, greeting, name):
    connection = wire(greeting("nonexisting", serializer=name, seq=5))
    assert daemon._handshake(connection) is False
    answer = connection.answer()
    assert (answer.type, answer.seq) == (protocol.MSG_CONNECTFAIL, 5)
    assert answer.serializer_id == serializers.serializers[name].serializer_id
    assert read(answer).startswith("unknown object")


def test_denied(daemon, wire, greeting):
    connection = wire(greeting("thing", seq=5))
    assert not daemon._handshake(connection, denied_reason="no entry")
    assert b"no entry" in connection.sent
    answer = connection.answer()
    assert (answer.type, answer.seq) == (protocol.MSG_CONNECTFAIL, 5)
    assert read(answer) == "no entry"


def test_junk(daemon, wire):
    connection = wire(b"GET / HTTP/1.1\r\n" + b"\r\n" * 100)
    assert not daemon._handshake(connection)
    assert connection.sent.startswith(b"PYRO\x01\xf6")
    answer = connection.answer()
    assert answer.type == protocol.MSG_CONNECTFAIL
    assert answer.serializer_id == 2
    assert read(answer) == "invalid data"


def test_zeros(daemon, wire):
    connection = wire(b"\0" * 1000)
    assert not daemon._handshake(connection)
    assert connection.sent[:6] == b"PYRO\x01\xf6"


def test_the_wrong_message(daemon, wire, calling):
    connection = wire(calling("thing", "method"))
    assert not daemon._handshake(connection)
    assert "invalid msg type 4 received" in read(connection.answer())


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_an_empty_greeting(daemon, wire, number):
    connection = wire(SendingMessage(protocol.MSG_CONNECT, 0, 9, number, b"").data)
    assert not daemon._handshake(connection)
    answer = connection.answer()
    assert (answer.type, answer.seq) == (protocol.MSG_CONNECTFAIL, 9)
    assert isinstance(read(answer), str)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_an_empty_call(daemon, wire, number):
    connection = wire(SendingMessage(protocol.MSG_INVOKE, 0, 9, number, b"").data)
    daemon.handleRequest(connection)
    answer = connection.answer()
    assert (answer.type, answer.seq) == (protocol.MSG_RESULT, 9)
    assert answer.flags & protocol.FLAGS_EXCEPTION


@pytest.mark.parametrize("name", NAMES)
def test_a_call(daemon, wire, calling, name):
    connection = wire(calling("thing", "method", "x", serializer=name, seq=3))
    daemon.handleRequest(connection)
    answer = connection.answer()
    assert (answer.type, answer.seq) == (protocol.MSG_RESULT, 3)
    assert answer.flags & ~protocol.FLAGS_CORR_ID == 0
    assert read(answer) == "x"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("target", "method", "error"),
    [
        ("thing", "fail", ZeroDivisionError),
        ("nonexisting", "method", errors.DaemonError),
        ("thing", "nonexisting", AttributeError),
        ("thing", "_private", AttributeError),
    ],
)
def test_a_call_that_fails(daemon, wire, calling, name, target, method, error):
    connection = wire(calling(target, method, serializer=name, seq=3))
    daemon.handleRequest(connection)
    answer = connection.answer()
    assert (answer.type, answer.seq) == (protocol.MSG_RESULT, 3)
    assert answer.flags & protocol.FLAGS_EXCEPTION
    found = read(answer)
    assert isinstance(found, error)
    assert found._pyroTraceback


def test_a_ping(daemon, wire):
    connection = wire(SendingMessage(protocol.MSG_PING, 0, 7, 42, b"whatever").data)
    daemon.handleRequest(connection)
    answer = connection.answer()
    assert (answer.type, answer.seq, answer.serializer_id) == (protocol.MSG_PING, 7, 42)
    assert answer.data == b"pong"


def test_attributes(daemon, wire, calling):
    connection = wire(calling("thing", "__getattr__", "value"))
    daemon.handleRequest(connection)
    assert read(connection.answer()) == 42


def test_oneway_has_no_answer(daemon, wire, calling):
    connection = wire(calling("thing", "once", flags=protocol.FLAGS_ONEWAY))
    daemon.handleRequest(connection)
    assert connection.sent == b""


def test_a_wrong_version(daemon, wire, calling):
    data = calling("thing", "method")
    connection = wire(data[:4] + b"\x00\x01" + data[6:])
    with pytest.raises(errors.ProtocolError, match="version"):
        daemon.handleRequest(connection)
    connection = wire(greeting_with_version(daemon))
    assert not daemon._handshake(connection)
    assert "version" in read(connection.answer())


def greeting_with_version(daemon):
    data = SendingMessage(protocol.MSG_CONNECT, 0, 0, 1, b"").data
    return data[:4] + b"\x01\xf5" + data[6:]


def test_a_second_greeting(daemon, wire, greeting):
    connection = wire(greeting("thing"))
    with pytest.raises(errors.ProtocolError, match="invalid msg type 1 received"):
        daemon.handleRequest(connection)


def test_correlation(daemon, wire, greeting):
    current_context.correlation_id = uuid.uuid4()
    data = greeting("thing")
    expected = current_context.correlation_id
    current_context.correlation_id = None
    connection = wire(data)
    assert daemon._handshake(connection)
    assert uuid.UUID(bytes=connection.answer().corr_id) == expected


class Choosy(Daemon):
    """Overrides what can be."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.seen = []
        self.gone = []

    def validateHandshake(self, conn, data):
        self.seen.append((conn, data))
        if data == ["refuse", "me"]:
            raise ValueError("you are refused, sorry")
        if data == "unknown":
            raise KeyError("odd")
        return ["sure", "have", "fun"]

    def annotations(self):
        return {"XYZZ": b"custom", "NOTE": b"daemon"}

    def clientDisconnect(self, conn):
        self.gone.append(conn)


@pytest.fixture
def choosy(server_type):
    with Choosy() as made:
        made.register(Thing(), "thing")
        yield made


def test_answers_to_greetings(choosy, wire, greeting):
    connection = wire(greeting("thing", handshake={"a": 1}))
    assert choosy._handshake(connection)
    assert choosy.seen == [(connection, {"a": 1})]
    answer = connection.answer()
    assert read(answer)["handshake"] == ["sure", "have", "fun"]
    assert answer.annotations["XYZZ"] == b"custom"


def test_refusals(choosy, wire, greeting):
    connection = wire(greeting("thing", handshake=["refuse", "me"], seq=4))
    assert not choosy._handshake(connection)
    assert b"you are refused, sorry" in connection.sent
    answer = connection.answer()
    assert (answer.type, answer.seq) == (protocol.MSG_CONNECTFAIL, 4)


def test_annotations_of_answers(choosy, wire, calling):
    connection = wire(calling("thing", "method"), calling("thing", "fail"))
    for _ in range(2):
        choosy.handleRequest(connection)
        assert connection.answer().annotations == {"XYZZ": b"custom", "NOTE": b"daemon"}


def test_through_a_proxy(choosy, start):
    start(choosy)
    with Proxy(choosy.uriFor("thing")) as proxy:
        proxy._pyroHandshake = ["refuse", "me"]
        with pytest.raises(
            errors.CommunicationError, match="you are refused, sorry"
        ) as info:
            proxy.method()
        assert str(info.value).startswith("connection to ")
        assert " rejected: " in str(info.value)
        assert proxy._pyroConnection is None
        assert choosy.gone == []
        proxy._pyroHandshake = "fine"
        assert proxy.method() == 1
        assert current_context.response_annotations == {
            "XYZZ": b"custom",
            "NOTE": b"daemon",
        }
        assert type(current_context.response_annotations["XYZZ"]) is memoryview


class Keeping(Proxy):
    response = None

    def _pyroValidateHandshake(self, response):
        type(self).response = response


def test_what_the_client_sees(choosy, start):
    start(choosy)
    with Keeping(choosy.uriFor("thing")) as proxy:
        proxy._pyroBind()
    assert Keeping.response == ["sure", "have", "fun"]


class Crashing(Daemon):
    """Its own methods fail."""

    def _handshake(self, conn, denied_reason=None):
        raise RuntimeError("crashed while greeting")


def test_a_greeting_that_crashes(server_type, start):
    daemon = start(Crashing())
    for _ in range(6):
        proxy = Proxy(daemon.uriFor("Pyro.Daemon"))
        with pytest.raises(errors.CommunicationError):
            proxy._pyroBind()


class Recording(Daemon):
    """Keeps what it is called with."""

    def __init__(self):
        super().__init__()
        self.requests = 0

    def _handshake(self, conn, denied_reason=None):
        self.reason = denied_reason
        return super()._handshake(conn, denied_reason)

    def handleRequest(self, conn):
        self.requests += 1
        return super().handleRequest(conn)


def test_overridden_requests(server_type, start):
    daemon = start(Recording())
    with Proxy(daemon.uriFor("Pyro.Daemon")) as proxy:
        proxy.ping()
        proxy.ping()
    assert daemon.requests >= 2
    assert daemon.reason is None
