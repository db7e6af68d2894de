"""The context of calls: annotations, correlation, what the server sees."""

import socket
import threading
import uuid

import pytest

from Pyro4 import errors, util
from Pyro4.core import Proxy, current_context, expose, oneway
from Pyro4.socketutil import SocketConnection

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
    assert seen["client_sock_addr"] == proxy._pyroConnection.sock.getsockname()
    assert seen["seq"] == proxy._pyroSeq
    assert seen["serializer_id"] == util.SerpentSerializer.serializer_id
    assert seen["annotations"] == {"NOTE": b"from the client", "CORR": correlation.bytes}
    assert seen["msg_flags"] == 0
    assert current_context.annotations == {}
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
    assert seeing.context["annotations"] == {"NOTE": b"later", "CORR": correlation.bytes}
    assert seeing.context["correlation_id"] == correlation
    assert seeing.context["client_sock_addr"] == proxy._pyroConnection.sock.getsockname()


def test_other_threads_there_see_nothing(proxy):
    assert proxy.in_a_thread() is True


def test_annotations_come_back(proxy):
    proxy.answer({"ABCD": "one", "EFGH": "two"})
    found = current_context.response_annotations
    assert len(found.pop("CORR")) == 16
    assert found == {"ABCD": b"one", "EFGH": b"two"}
    proxy.add()
    assert set(current_context.response_annotations) == {"ADDD", "CORR"}
    assert current_context.response_annotations["ADDD"] == b"added"
    proxy.look()
    assert set(current_context.response_annotations) == {"CORR"}


def test_annotations_that_cannot_be_sent(proxy):
    proxy._pyroBind()
    current_context.annotations = {"TOOLONG": b"x"}
    with pytest.raises(errors.ProtocolError, match="annotation key must be of length 4"):
        proxy.look()
    current_context.annotations = {"NOTE": "no bytes"}
    with pytest.raises((TypeError, errors.CommunicationError)):
        proxy.look()
    current_context.annotations = {}
    assert proxy.look()


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


@pytest.mark.fixed("1.2: annotations of a failed call travel with the next answer")
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


def test_annotations_are_sent_once(proxy, seeing):
    current_context.annotations = {"NOTE": b"x"}
    proxy.look()
    assert current_context.annotations == {}
    proxy.look()
    assert "NOTE" not in seeing.context["annotations"]


def test_a_new_proxy_forgets_annotations(proxy, seeing):
    current_context.annotations = {"NOTE": b"x"}
    Proxy(proxy._pyroUri)
    proxy.look()
    assert "NOTE" not in seeing.context["annotations"]


def test_connecting_keeps_annotations(proxy, seeing):
    current_context.annotations = {"NOTE": b"x"}
    proxy._pyroBind()
    assert current_context.annotations == {"NOTE": b"x"}
    proxy.look()
    assert seeing.context["annotations"]["NOTE"] == b"x"


class Annotating(Proxy):
    """Sends something with everything, and keeps what it gets."""

    def __init__(self, uri):
        super().__init__(uri)
        type(self).seen = []

    def _pyroAnnotations(self):
        return {"HOOK": b"of the proxy", "BOTH": b"hook"}

    def _pyroResponseAnnotations(self, annotations, msgtype):
        self.seen.append((msgtype, set(annotations)))


def test_the_hooks_of_a_proxy(proxy, seeing):
    with Annotating(proxy._pyroUri) as special:
        special._pyroBind()
        assert special.seen == [(2, {"CORR"})]
        current_context.annotations = {"NOTE": b"x", "BOTH": b"context"}
        special.look()
        seen = seeing.context["annotations"]
        assert seen == {"HOOK": b"of the proxy", "BOTH": b"hook", "NOTE": b"x"}
        special.answer({"ABCD": "1"})
        assert special.seen[1:] == [(5, {"CORR"}), (5, {"CORR", "ABCD"})]


@expose
class Forwarding:
    """Calls another from within a call."""

    def __init__(self, uri):
        self.uri = uri
        self.proxy = Proxy(uri)

    def with_old(self):
        self.proxy.look()
        return str(current_context.correlation_id)

    def twice(self):
        self.proxy.look()
        return self.proxy.look()

    def with_new(self):
        with Proxy(self.uri) as proxy:
            return proxy.look()


@pytest.fixture
def forwarding(daemon, shared, seeing):
    """A proxy for one that calls another, which runs in another daemon."""
    other = shared("other", "thread", daemon_of_threads)
    made = Forwarding(daemon.uriFor(seeing))
    other.register(made)
    with Proxy(other.uriFor(made)) as proxy:
        yield proxy
    made.proxy._pyroRelease()
    other.unregister(made)


def daemon_of_threads():
    from Pyro4 import Daemon, config

    kind, config.SERVERTYPE = config.SERVERTYPE, "thread"
    made = Daemon()
    config.SERVERTYPE = kind
    return made


def test_nested_calls_forward_the_correlation(forwarding, seeing):
    current_context.correlation_id = correlation = uuid.uuid4()
    assert forwarding.with_old() == str(correlation)
    assert seeing.context["correlation_id"] == correlation
    assert forwarding.with_new() == str(correlation)


def test_nested_calls_forward_annotations_once(forwarding, seeing):
    forwarding.with_old()
    current_context.annotations = {"NOTE": b"x"}
    forwarding.with_old()
    assert seeing.context["annotations"]["NOTE"] == b"x"
    current_context.annotations = {"NOTE": b"x"}
    forwarding.twice()
    assert "NOTE" not in seeing.context["annotations"]
    current_context.annotations = {"NOTE": b"x"}
    forwarding.with_new()
    assert "NOTE" not in seeing.context["annotations"]


def test_exceptions_have_no_annotations_of_the_method(daemon):
    @expose
    class Failing:
        def fail(self):
            current_context.response_annotations = {"LEAK": b"secret"}
            raise ZeroDivisionError

    with Proxy(daemon.register(Failing())) as proxy:
        with pytest.raises(ZeroDivisionError):
            proxy.fail()
        assert current_context.response_annotations == {}


def test_oneway_has_no_response_annotations(proxy, seeing):
    proxy.answer({"ABCD": "1"})
    proxy.look_later()
    assert current_context.response_annotations == {}
    assert seeing.ran.wait(5)


def test_the_context_is_of_its_thread(proxy):
    current_context.correlation_id = uuid.uuid4()
    current_context.annotations = {"NOTE": b"x"}
    seen = []
    thread = threading.Thread(target=lambda: seen.append(current_context.to_global()))
    thread.start()
    thread.join()
    assert seen[0]["correlation_id"] is None
    assert seen[0]["annotations"] == {}
