"""The context of calls: annotations, correlation, what the server sees."""

import socket
import threading
import uuid

import pytest

from Pyro5 import errors, serializers
from Pyro5.api import Proxy, current_context, expose, oneway
from Pyro5.socketutil import SocketConnection

NAMES = {
    *("client", "client_sock_addr", "seq", "msg_flags", "serializer_id"),
    *("annotations", "response_annotations", "correlation_id"),
}


@expose
class Seeing:
    """Tells what it saw."""

    def __init__(self):
        self.context = None
        self.ran = threading.Event()

    def look(self):
        self.context = current_context.to_global()
        return str(current_context.correlation_id)

    @oneway
    def look_later(self):
        self.look()
        self.ran.set()

    def answer(self, notes):
        current_context.response_annotations = {
            name: text.encode() for name, text in notes.items()
        }

    def add(self):
        current_context.response_annotations["ADDD"] = b"added"

    def bad(self):
        current_context.response_annotations = {"TOOLONG": b"x"}

    def in_a_thread(self):
        seen = []
        thread = threading.Thread(target=lambda: seen.append(current_context.to_global()))
        thread.start()
        thread.join()
        return seen[0]["client"] is None and seen[0]["annotations"] == {}

    def numbers(self):
        for number in range(3):
            current_context.response_annotations = {"NUMB": str(number).encode()}
            yield number


@pytest.fixture
def seeing(daemon):
    made = Seeing()
    daemon.register(made)
    yield made
    daemon.unregister(made)


@pytest.fixture
def proxy(daemon, seeing):
    with Proxy(daemon.uriFor(seeing)) as proxy:
        proxy._pyroTimeout = 10
        yield proxy


def test_at_first():
    seen = []
    thread = threading.Thread(target=lambda: seen.append(current_context.to_global()))
    thread.start()
    thread.join()
    assert seen == [
        {
            "client": None,
            "client_sock_addr": None,
            "seq": 0,
            "msg_flags": 0,
            "serializer_id": 0,
            "annotations": {},
            "response_annotations": {},
            "correlation_id": None,
        }
    ]


def test_to_global_and_back():
    values = current_context.to_global()
    assert set(values) == NAMES
    current_context.from_global({**values, "seq": 42, "annotations": {"ABCD": b"x"}})
    assert current_context.seq == 42
    assert current_context.annotations == {"ABCD": b"x"}
    with pytest.raises(KeyError):
        current_context.from_global({"seq": 1})


def test_what_the_server_sees(proxy, seeing):
    correlation = uuid.uuid4()
    current_context.correlation_id = correlation
    current_context.annotations = {"NOTE": b"from the client"}
    assert proxy.look() == str(correlation)
    seen = seeing.context
    assert isinstance(seen["client"], SocketConnection)
    assert seen["client_sock_addr"] == proxy._pyroLocalSocket
    assert seen["seq"] == proxy._pyroSeq
    assert seen["serializer_id"] == serializers.SerpentSerializer.serializer_id
    assert seen["annotations"] == {"NOTE": b"from the client"}
    assert type(seen["annotations"]["NOTE"]) is memoryview
    assert seen["correlation_id"] == correlation
    assert current_context.correlation_id == correlation


def test_a_correlation_is_made(proxy):
    one, two = proxy.look(), proxy.look()
    assert uuid.UUID(one).version == 4
    assert uuid.UUID(two) != uuid.UUID(one)
    assert current_context.correlation_id is None


def test_correlations_are_uuids(proxy):
    proxy._pyroBind()

    def use():
        current_context.correlation_id = "text"
        proxy.look()

    with pytest.raises(AttributeError):
        use()


def test_oneway_has_the_context(proxy, seeing):
    current_context.annotations = {"NOTE": b"later"}
    current_context.correlation_id = correlation = uuid.uuid4()
    proxy.look_later()
    assert seeing.ran.wait(5)
    assert seeing.context["annotations"] == {"NOTE": b"later"}
    assert seeing.context["correlation_id"] == correlation
    assert seeing.context["client_sock_addr"] == proxy._pyroLocalSocket


def test_other_threads_there_see_nothing(proxy):
    assert proxy.in_a_thread() is True


def test_annotations_come_back(proxy):
    proxy.answer({"ABCD": "one", "EFGH": "two"})
    found = current_context.response_annotations
    assert found == {"ABCD": b"one", "EFGH": b"two"}
    assert type(found["ABCD"]) is memoryview
    assert bytes(found["EFGH"]) == b"two"
    proxy.add()
    assert current_context.response_annotations == {"ADDD": b"added"}
    proxy.look()
    assert current_context.response_annotations == {}


def test_annotations_that_cannot_be_sent(proxy):
    proxy._pyroBind()
    connection = proxy._pyroConnection
    current_context.annotations = {"TOOLONG": b"x"}
    with pytest.raises(errors.ProtocolError, match="4 ascii"):
        proxy.look()
    current_context.annotations = {"NOTE": "no bytes"}
    with pytest.raises(errors.ProtocolError):
        proxy.look()
    current_context.annotations = {}
    assert proxy._pyroConnection is connection
    proxy.look()


@pytest.mark.parametrize("value", [b"x", bytearray(b"x"), memoryview(b"x")])
def test_kinds_of_values(proxy, seeing, value):
    current_context.annotations = {"NOTE": value}
    proxy.look()
    assert seeing.context["annotations"] == {"NOTE": b"x"}


def test_annotations_with_each_item(proxy):
    found = []
    for number in proxy.numbers():
        notes = current_context.response_annotations
        found.append((number, bytes(notes.get("NUMB", b""))))
    assert [number for number, _ in found] == [0, 1, 2]
    assert found[2] == (2, b"2")


@pytest.mark.fixed("2")
def test_annotations_of_a_failed_call_stay_there(daemon):
    @expose
    class Failing:
        def fail(self):
            current_context.response_annotations = {"LEAK": b"secret"}
            raise ZeroDivisionError

        def fine(self):
            return 1

    with Proxy(daemon.register(Failing())) as proxy:
        with pytest.raises(ZeroDivisionError):
            proxy.fail()
        proxy.fine()
        assert "LEAK" not in current_context.response_annotations


def test_a_connection_that_is_tracked():
    one, two = socket.socketpair()
    closed = []

    class Resource:
        def close(self):
            closed.append(1)

    resource = Resource()
    connection = SocketConnection(one)
    current_context.client = connection
    current_context.track_resource(resource)
    assert resource in connection.tracked_resources
    current_context.untrack_resource(resource)
    assert len(connection.tracked_resources) == 0
    current_context.track_resource(resource)
    connection.close()
    assert closed == [1]
    current_context.client = None
    two.close()


def test_tracking_is_weak():
    one, two = socket.socketpair()

    class Resource:
        def close(self):
            raise AssertionError("not there any more")

    connection = SocketConnection(one)
    current_context.client = connection
    current_context.track_resource(Resource())
    assert len(connection.tracked_resources) == 0
    connection.close()
    current_context.client = None
    two.close()
