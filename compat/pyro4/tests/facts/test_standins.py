"""Proxies over connections that are none, and servers whose daemon serves itself."""

import threading

import pytest

from Pyro4 import errors, message, util
from Pyro4.core import Daemon, Proxy, SerializedBlob, current_context
from Pyro4.futures import _ExceptionWrapper
from Pyro4.message import Message
from Pyro4.socketserver.multiplexserver import SocketServer_Multiplex
from Pyro4.socketserver.threadpoolserver import SocketServer_Threadpool
from Pyro4.socketutil import SocketConnection, createSocket

SERPENT = util.get_serializer("serpent")


def result(value, seq=1, flags=0, annotations=None):
    """Return the bytes of an answer."""
    payload = SERPENT.dumps(value)
    return Message(message.MSG_RESULT, payload, 1, flags, seq, annotations).to_bytes()


class Mock:
    """A connection: gives the answers that it has, keeps what is sent."""

    keep_open = False
    objectId = "obj"

    def __init__(self, *answers):
        self.incoming = b"".join(answers)
        self.sent = b""
        self.closed = False

    def send(self, data):
        self.sent += bytes(data)

    def recv(self, size):
        if len(self.incoming) < size:
            raise errors.ConnectionClosedError("receiving: not enough data")
        data, self.incoming = self.incoming[:size], self.incoming[size:]
        return data

    def close(self):
        self.closed = True


@pytest.fixture
def over(wire):
    """A function that makes a proxy over some answers."""

    def make(*answers):
        proxy = Proxy("PYRO:obj@host:555")
        proxy._pyroMethods = {"method", "oneway"}
        proxy._pyroOneway = {"oneway"}
        proxy._pyroAttrs = {"attr"}
        proxy._pyroConnection = Mock(*answers)
        return proxy

    return make


def sent(proxy_or_mock, wire):
    """Return flags, number, and the call in each message that was sent."""
    mock = getattr(proxy_or_mock, "_pyroConnection", proxy_or_mock)
    reader = wire(mock.sent)
    found = []
    while reader.incoming:
        sent_one = Message.recv(reader, [message.MSG_INVOKE])
        object_id, method, vargs, kwargs = SERPENT.loadsCall(sent_one.data)
        found.append((sent_one.flags, sent_one.seq, object_id, method, list(vargs), kwargs))
    return found


def test_a_call(over, wire):
    proxy = over(result(42))
    assert proxy.method(1, x=2) == 42
    assert sent(proxy, wire) == [(0, 1, "obj", "method", [1], {"x": 2})]
    assert proxy._pyroSeq == 1


def test_a_oneway_call(over, wire):
    proxy = over()
    assert proxy.oneway(1) is None
    flags = message.FLAGS_ONEWAY
    assert sent(proxy, wire) == [(flags, 1, "obj", "oneway", [1], {})]


def test_attributes(over, wire):
    proxy = over(result(42), result(None, 2))
    assert proxy.attr == 42
    proxy.attr = 43
    assert sent(proxy, wire) == [
        (0, 1, "obj", "__getattr__", ["attr"], None),
        (0, 2, "obj", "__setattr__", ["attr", 43], None),
    ]


def test_a_failure(over, wire):
    proxy = over(result(ValueError("x"), flags=message.FLAGS_EXCEPTION), result(1, 2))
    with pytest.raises(ValueError, match=r"^x$"):
        proxy.method()
    assert proxy.method() == 1


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (result(42, seq=9), errors.ProtocolError, "sequence"),
        (Message(5, b"5", 3, 0, 1).to_bytes(), errors.SerializeError, "serializer"),
        (Message(2, b"5", 1, 0, 1).to_bytes(), errors.ProtocolError, "invalid msg type 2"),
        (b"", errors.ConnectionClosedError, "not enough data"),
        (b"JUNK" * 20, errors.ProtocolError, "invalid"),
    ],
)
def test_wrong_answers(over, answer, error, text):
    proxy = over(answer)
    mock = proxy._pyroConnection
    with pytest.raises(error, match=text):
        proxy.method()
    assert proxy._pyroConnection is None
    assert mock.closed


def test_a_stream(over, wire):
    first = result(None, 1, message.FLAGS_ITEMSTREAMRESULT, {"STRM": b"the-id"})
    last = result(StopIteration(), 3, message.FLAGS_EXCEPTION)
    proxy = over(first, result("one", 2), last)
    stream = proxy.method()
    assert stream.streamId == "the-id"
    assert list(stream) == ["one"]
    item = ("Pyro.Daemon", "get_next_stream_item", ["the-id"], {})
    assert [call[2:] for call in sent(proxy, wire)[1:]] == [item, item]


def test_a_batch(over, wire):
    answer = result([1, _ExceptionWrapper(ValueError("y"))], flags=message.FLAGS_BATCH)
    proxy = over(answer)
    one, two = proxy._pyroInvokeBatch([("a", (1,), {}), ("b", (), {"z": 1})])
    assert one == 1
    assert isinstance(two, _ExceptionWrapper)
    assert isinstance(two.exception, ValueError)
    ((flags, _, object_id, method, calls, kwargs),) = sent(proxy, wire)
    assert (flags, object_id, method, kwargs) == (8, "obj", "<batch>", None)
    assert [tuple(call) for call in calls] == [("a", (1,), {}), ("b", (), {"z": 1})]


def test_a_oneway_batch(over, wire):
    proxy = over()
    assert proxy._pyroInvokeBatch([("a", (), {})], oneway=True) is None
    assert sent(proxy, wire)[0][0] == message.FLAGS_BATCH | message.FLAGS_ONEWAY


def test_a_raw_answer(over):
    proxy = over(result(42))
    proxy._pyroRawWireResponse = True
    found = proxy.method()
    assert isinstance(found, Message)
    assert SERPENT.loads(found.data) == 42


def test_annotations(over, wire):
    proxy = over(result(42, annotations={"EFGH": b"there"}))
    current_context.annotations = {"ABCD": b"here"}
    proxy.method()
    assert current_context.response_annotations == {"EFGH": b"there"}
    found = Message.recv(wire(proxy._pyroConnection.sent))
    assert found.annotations == {"ABCD": b"here"}


def test_a_blob(over, wire):
    proxy = over(result(42))
    assert proxy.method(SerializedBlob("info", [1, 2])) == 42
    found = Message.recv(wire(proxy._pyroConnection.sent))
    assert found.flags == message.FLAGS_KEEPSERIALIZED
    import marshal

    assert marshal.loads(found.annotations["BLBI"]) == ("info", "obj", "method")
    current_context.annotations = {}


def test_metadata(over, wire):
    proxy = over(result({"methods": ["a", "b"], "oneway": ["b"], "attrs": ["c"]}))
    proxy._pyroGetMetadata("other")
    assert (proxy._pyroMethods, proxy._pyroOneway, proxy._pyroAttrs) == (
        {"a", "b"},
        {"b"},
        {"c"},
    )
    assert sent(proxy, wire)[0][2:] == ("Pyro.Daemon", "get_metadata", ["other"], {})


def test_retries_need_a_daemon(over):
    """The first attempt loses the connection, and there is nobody to connect to."""
    proxy = over()
    proxy._pyroMaxRetries = 2
    with pytest.raises(errors.CommunicationError):
        proxy.method()


class Serving(Daemon):
    """Answers each five bytes with themselves."""

    def __init__(self):
        super().__init__()
        self.greeted = []

    def _handshake(self, connection, denied_reason=None):
        self.greeted.append(denied_reason)
        return True

    def handleRequest(self, connection):
        connection.send(bytes(connection.recv(5)))

    def _housekeeping(self):
        pass


class Breaking(Serving):
    def _handshake(self, connection, denied_reason=None):
        raise ZeroDivisionError("expected")


@pytest.mark.parametrize("kind", [SocketServer_Threadpool, SocketServer_Multiplex])
@pytest.mark.parametrize("daemon_class", [Serving, Breaking])
def test_servers_for_daemons(kind, daemon_class):
    daemon, server = daemon_class(), kind()
    server.init(daemon, "localhost", 0)
    running = threading.Event()
    running.set()
    thread = threading.Thread(target=server.loop, args=(running.is_set,))
    thread.start()
    with SocketConnection(createSocket(connect=server.sock.getsockname())) as client:
        client.timeout = 5
        client.send(b"hello")
        if daemon_class is Serving:
            assert bytes(client.recv(5)) == b"hello"
            assert daemon.greeted == [None]
        else:
            with pytest.raises(errors.ConnectionClosedError):
                client.recv(5)
    running.clear()
    server.wakeup()
    thread.join(5)
    assert not thread.is_alive()
    server.close()
    daemon.close()
