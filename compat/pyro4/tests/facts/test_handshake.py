"""Greetings and calls on connections that have little more than send and recv."""

import contextlib
import uuid

import pytest

from Pyro4 import config, errors, message, util
from Pyro4.core import Daemon, Proxy, current_context, expose, oneway
from Pyro4.message import Message

NAMES = ["serpent", "json", "marshal", "msgpack", "pickle"]


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


def read(found):
    return util.get_serializer_by_id(found.serializer_id).loads(found.data)


@pytest.mark.parametrize("name", NAMES)
def test_a_greeting(daemon, wire, greeting, name):
    connection = wire(greeting("thing", serializer=name, seq=77))
    assert daemon._handshake(connection) is True
    answer = connection.answer()
    assert answer.type == message.MSG_CONNECTOK
    assert answer.seq == 77
    assert answer.serializer_id == util.get_serializer(name).serializer_id
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
    assert tape.answer().type == message.MSG_CONNECTOK
    daemon.handleRequest(Named(tape))
    assert read(tape.answer()) == 5


@pytest.mark.parametrize("name", NAMES)
def test_unknown_objects(daemon, wire, greeting, name):
    connection = wire(greeting("nonexisting", serializer=name, seq=5))
    assert daemon._handshake(connection) is False
    answer = connection.answer()
    assert (answer.type, answer.seq) == (message.MSG_CONNECTFAIL, 5)
    assert answer.serializer_id == util.get_serializer(name).serializer_id
    assert read(answer).startswith("unknown object")


def test_denied(daemon, wire, greeting):
    connection = wire(greeting("thing", seq=5))
    assert not daemon._handshake(connection, denied_reason="no entry")
    assert b"no entry" in connection.sent
    answer = connection.answer()
    assert (answer.type, answer.seq) == (message.MSG_CONNECTFAIL, 5)
    assert read(answer) == "no entry"


def test_junk(daemon, wire):
    connection = wire(b"GET / HTTP/1.1\r\n" + b"\r\n" * 100)
    assert not daemon._handshake(connection)
    assert connection.sent.startswith(b"PYRO\x00\x30")
    answer = connection.answer()
    assert answer.type == message.MSG_CONNECTFAIL
    assert answer.serializer_id == 3
    assert read(answer).startswith("invalid data")
    assert answer.seq == 0


def test_zeros(daemon, wire):
    connection = wire(b"\0" * 1000)
    assert not daemon._handshake(connection)
    assert connection.sent[:6] == b"PYRO\x00\x30"


def test_the_wrong_message(daemon, wire, calling):
    connection = wire(calling("thing", "method"))
    assert not daemon._handshake(connection)
    assert read(connection.answer()).startswith("invalid m")


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_an_empty_greeting(daemon, wire, number):
    connection = wire(Message(message.MSG_CONNECT, b"", number, 0, 9).to_bytes())
    assert not daemon._handshake(connection)
    answer = connection.answer()
    assert (answer.type, answer.seq) == (message.MSG_CONNECTFAIL, 9)
    assert isinstance(read(answer), str)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_an_empty_call(daemon, wire, number):
    connection = wire(Message(message.MSG_INVOKE, b"", number, 0, 9).to_bytes())
    with contextlib.suppress(errors.SerializeError):  # it is answered before
        daemon.handleRequest(connection)
    answer = connection.answer()
    assert (answer.type, answer.seq) == (message.MSG_RESULT, 9)
    assert answer.flags & message.FLAGS_EXCEPTION


@pytest.mark.parametrize("name", NAMES)
def test_a_call(daemon, wire, calling, name):
    connection = wire(calling("thing", "method", "x", serializer=name, seq=3))
    daemon.handleRequest(connection)
    answer = connection.answer()
    assert (answer.type, answer.seq) == (message.MSG_RESULT, 3)
    assert answer.flags == 0
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
    assert (answer.type, answer.seq) == (message.MSG_RESULT, 3)
    assert answer.flags & message.FLAGS_EXCEPTION
    found = read(answer)
    assert isinstance(found, error)
    assert found._pyroTraceback


def test_a_ping(daemon, wire):
    connection = wire(Message(message.MSG_PING, b"whatever", 42, 0, 7).to_bytes())
    daemon.handleRequest(connection)
    answer = connection.answer()
    assert (answer.type, answer.seq, answer.serializer_id) == (message.MSG_PING, 7, 42)
    assert answer.data == b"pong"


def test_attributes(daemon, wire, calling):
    connection = wire(calling("thing", "__getattr__", "value"))
    daemon.handleRequest(connection)
    assert read(connection.answer()) == 42


def test_oneway_has_no_answer(daemon, wire, calling):
    connection = wire(calling("thing", "once", flags=message.FLAGS_ONEWAY))
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
    data = Message(message.MSG_CONNECT, b"", 1, 0, 0).to_bytes()
    return data[:4] + b"\x01\xf5" + data[6:]


def test_a_second_greeting(daemon, wire, greeting):
    connection = wire(greeting("thing"))
    with pytest.raises(errors.ProtocolError, match=r"^invalid m.* type"):
        daemon.handleRequest(connection)


def test_correlation(daemon, wire, greeting):
    expected = uuid.uuid4()
    connection = wire(greeting("thing", annotations={"CORR": expected.bytes}))
    assert daemon._handshake(connection)
    assert uuid.UUID(bytes=connection.answer().annotations["CORR"]) == expected
    connection = wire(greeting("thing"))
    assert daemon._handshake(connection)
    assert len(connection.answer().annotations["CORR"]) == 16


def test_correlation_of_calls(daemon, wire, calling):
    expected = uuid.uuid4()
    notes = {"CORR": expected.bytes}
    connection = wire(
        calling("thing", "method", annotations=notes),
        calling("thing", "fail", annotations=notes),
    )
    daemon.handleRequest(connection)
    assert connection.answer().annotations == notes
    daemon.handleRequest(connection)
    assert connection.answer().annotations == {}


def test_a_greeting_without_metadata(daemon, wire):
    codec = util.get_serializer("json")
    data = codec.dumps({"handshake": "hello"})
    connection = wire(Message(message.MSG_CONNECT, data, 2, 0, 4).to_bytes())
    assert daemon._handshake(connection)
    answer = connection.answer()
    assert (answer.type, answer.flags, answer.seq) == (message.MSG_CONNECTOK, 0, 4)
    assert read(answer) == "hello"


def test_flags_of_answers(daemon, wire, greeting, calling):
    connection = wire(
        greeting("thing"), calling("thing", "method", flags=message.FLAGS_BATCH)
    )
    daemon._handshake(connection)
    assert connection.answer().flags == message.FLAGS_META_ON_CONNECT


def test_metadata_are_lists(daemon, wire, greeting):
    connection = wire(greeting("thing"))
    daemon._handshake(connection)
    meta = read(connection.answer())["meta"]
    assert {type(value) for value in meta.values()} == {list}


def test_a_serializer_that_is_not_accepted(wire, greeting, calling, server_type):
    with Daemon() as daemon:
        daemon.register(Thing(), "thing")
        connection = wire(greeting("thing", serializer="pickle", seq=6))
        assert not daemon._handshake(connection)
        answer = connection.answer()
        assert (answer.type, answer.serializer_id) == (message.MSG_CONNECTFAIL, 3)
        assert "message used serializer that is not accepted: 4" in read(answer)
        connection = wire(calling("thing", "method", serializer="msgpack", seq=6))
        with pytest.raises(errors.SerializeError):
            daemon.handleRequest(connection)
        answer = connection.answer()
        assert (answer.type, answer.serializer_id, answer.seq) == (message.MSG_RESULT, 6, 6)
        assert answer.flags & message.FLAGS_EXCEPTION
        found = read(answer)
        assert type(found) is errors.SerializeError
        assert "message used serializer that is not accepted: 6" in str(found)


def test_the_accepted_serializers_are_those_of_the_start(wire, greeting, server_type):
    config.SERIALIZERS_ACCEPTED = {"json", "pickle"}
    with Daemon() as daemon:
        config.SERIALIZERS_ACCEPTED = {"serpent"}
        results = []
        for name in ("json", "pickle", "serpent"):
            connection = wire(greeting("Pyro.Daemon", serializer=name))
            results.append(daemon._handshake(connection))
    assert results == [True, True, False]


def test_unknown_numbers_of_serializers(daemon, wire):
    connection = wire(Message(message.MSG_CONNECT, b"x", 99, 16, 1).to_bytes())
    assert not daemon._handshake(connection)
    answer = connection.answer()
    assert (answer.type, answer.serializer_id) == (message.MSG_CONNECTFAIL, 3)


def test_compressed_greetings(daemon, wire):
    codec = util.get_serializer("json")
    data = {"handshake": "x" * 1000, "object": "thing"}
    payload, compressed = codec.serializeData(data, compress=True)
    assert compressed
    flags = message.FLAGS_COMPRESSED | message.FLAGS_META_ON_CONNECT
    connection = wire(Message(message.MSG_CONNECT, payload, 2, flags, 1).to_bytes())
    assert daemon._handshake(connection)
    assert connection.answer().type == message.MSG_CONNECTOK


def test_compressed_answers(daemon, wire, calling):
    config.COMPRESSION = True
    connection = wire(calling("thing", "method", "x" * 1000))
    daemon.handleRequest(connection)
    answer = connection.answer()
    assert answer.flags == message.FLAGS_COMPRESSED
    assert answer.data_size < 200
    answer.decompress_if_needed()
    assert read(answer) == "x" * 1000


# Keys.


@pytest.fixture
def keyed(server_type):
    with Daemon() as made:
        made._pyroHmacKey = b"secret"
        made.register(Thing(), "thing")
        yield made


def test_the_right_key(keyed, wire, greeting, calling):
    connection = wire(
        greeting("thing", hmac_key=b"secret"),
        calling("thing", "method", 5, hmac_key=b"secret"),
    )
    assert keyed._handshake(connection)
    assert connection.answer(b"secret").type == message.MSG_CONNECTOK
    keyed.handleRequest(connection)
    assert read(connection.answer(b"secret")) == 5


@pytest.mark.parametrize("key", [None, b"other"])
def test_a_wrong_key(keyed, wire, greeting, calling, key):
    connection = wire(
        greeting("thing", hmac_key=key), calling("thing", "method", hmac_key=key)
    )
    assert not keyed._handshake(connection)
    answer = connection.answer(b"secret")
    assert (answer.type, answer.serializer_id) == (message.MSG_CONNECTFAIL, 3)
    assert "hmac" in read(answer)
    with pytest.raises(errors.SecurityError):
        keyed.handleRequest(connection)
    assert connection.sent == b""


def test_a_key_where_none_is(daemon, wire, greeting):
    connection = wire(greeting("thing", hmac_key=b"secret"))
    assert not daemon._handshake(connection)
    answer = connection.answer()
    assert "hmac key config not symmetric" in read(answer)


def test_a_ping_with_a_key(keyed, wire):
    ping = Message(message.MSG_PING, b"ping", 42, 0, 7, hmac_key=b"secret")
    connection = wire(ping.to_bytes())
    keyed.handleRequest(connection)
    answer = connection.answer(b"secret")
    assert (answer.type, answer.seq, answer.serializer_id) == (message.MSG_PING, 7, 42)
    assert answer.data == b"pong"


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
    assert (answer.type, answer.seq) == (message.MSG_CONNECTFAIL, 4)


def test_annotations_of_answers(choosy, wire, calling):
    connection = wire(calling("thing", "method"), calling("thing", "fail"))
    for _ in range(2):
        choosy.handleRequest(connection)
        notes = connection.answer().annotations
        notes.pop("CORR", None)
        assert notes == {"XYZZ": b"custom", "NOTE": b"daemon"}


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
        notes = dict(current_context.response_annotations)
        assert len(notes.pop("CORR")) == 16
        assert notes == {"XYZZ": b"custom", "NOTE": b"daemon"}


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
