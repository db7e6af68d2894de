"""The list of differences is whole, and defects that no other file tests are gone."""

from __future__ import annotations

import re
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import Pyro5.api
import Pyro5.nameserver
from Pyro5 import errors, protocol
from Pyro5.callcontext import current_context
from Pyro5.serializers import serializers
from Pyro5.socketutil import SocketConnection

LIMIT = 10.0
LIST = Path(__file__).parent.parent / "DIFFERENCES.md"


def test_every_defect_is_in_the_list() -> None:
    listed: set[str] = set()
    for numbers in re.findall(r"\[([^]]*)]", LIST.read_text("utf-8")):
        listed.update(re.findall(r"\bD?\d+\b", numbers))
    known = [str(number) for number in range(1, 49)]
    known += [f"D{number}" for number in range(1, 32)]
    assert [number for number in known if number not in listed] == []


@Pyro5.api.expose
class Thing:
    """Puts annotations into its replies, and returns what is served."""

    def __init__(self) -> None:
        self._done = threading.Event()

    def ping(self) -> str:
        """Answer."""
        return "pong"

    def itself(self) -> Any:
        """Return what is registered."""
        return self

    def replace(self) -> None:
        """Fail, with annotations."""
        current_context.response_annotations = {"LEAK": b"secret"}
        raise ZeroDivisionError

    def change(self) -> None:
        """Fail, with one more annotation."""
        current_context.response_annotations["LEAK"] = b"secret"
        raise ZeroDivisionError

    @Pyro5.api.oneway
    def oneway(self) -> None:
        """Leave an annotation, for nobody."""
        current_context.response_annotations["LEAK"] = b"secret"
        self._done.set()

    def wait(self) -> bool:
        """Wait for the one-way call."""
        return self._done.wait(LIMIT)

    def stream(self) -> Iterator[int]:
        """Give an annotation before items."""
        current_context.response_annotations = {"LEAK": b"secret"}
        return iter([1])

    def note(self) -> Any:
        """Give an annotation, with a proxy that is made for the result."""
        current_context.response_annotations = {"NOTE": b"mine"}
        return self

    def make(self) -> int:
        """Give an annotation, and make a proxy."""
        current_context.response_annotations = {"NOTE": b"mine"}
        Pyro5.api.Proxy("PYRO:thing@localhost:1")
        return 1

    def refuse(self) -> None:
        """Fail for safety."""
        raise errors.SecurityError("not you")

    def seen(self) -> list[str]:
        """Return what annotations came."""
        return list(current_context.annotations)

    def read(self, blob: Any) -> Any:
        """Read a blob."""
        return blob.deserialized()

    def state(self, proxy: Any) -> Any:
        """Return the greeting that a proxy would send."""
        return proxy._pyroHandshake


class Watching(Pyro5.api.Daemon):
    """Notes what the context is while a client greets."""

    def __init__(self) -> None:
        super().__init__()
        self.greetings: list[tuple[dict[str, bytes], Any]] = []

    def validateHandshake(self, conn: Any, data: Any) -> Any:
        """Note it."""
        came = {key: bytes(value) for key, value in current_context.annotations.items()}
        self.greetings.append((came, current_context.client is conn))
        return super().validateHandshake(conn, data)


@pytest.fixture
def daemon(running: Callable[[Any], Any], server_type: str) -> Any:
    """A daemon of either type with one worker, so that all clients share its thread."""
    Pyro5.config.THREADPOOL_SIZE = 1
    Pyro5.config.THREADPOOL_SIZE_MIN = 1
    return running(Watching())


@pytest.fixture
def uri(daemon: Any) -> Any:
    """An object there."""
    return daemon.register(Thing(), "thing")


def notes() -> dict[str, bytes]:
    """Return what came with the last reply, which is dropped."""
    came = current_context.response_annotations
    current_context.response_annotations = {}
    return {key: bytes(value) for key, value in came.items()}


def raw(daemon: Any) -> SocketConnection:
    """Connect without a greeting."""
    sock = socket.create_connection(daemon.sock.getsockname()[:2], LIMIT)
    return SocketConnection(sock)


def greeting(serializer_id: int) -> bytes:
    """Return the bytes of a greeting, written with serpent."""
    payload = serializers["serpent"].dumps({"handshake": "hello", "object": "thing"})
    return protocol.SendingMessage(protocol.MSG_CONNECT, 0, 0, serializer_id, payload).data


@pytest.mark.parametrize("method", ["replace", "change", "oneway", "stream"])
def test_annotations_of_one_client_reach_no_other(uri: Any, method: str) -> None:
    with Pyro5.api.Proxy(uri) as proxy:
        if method in ("replace", "change"):
            with pytest.raises(ZeroDivisionError):
                getattr(proxy, method)()
        else:
            getattr(proxy, method)()
        if method == "oneway":
            assert proxy.wait()
            assert notes() == {}
    notes()
    with Pyro5.api.Proxy(uri) as other:
        other._pyroBind()
        assert notes() == {}
        assert other.ping() == "pong"
        assert notes() == {}


def test_a_greeting_shows_nothing_of_the_client_before(daemon: Any, uri: Any) -> None:
    with Pyro5.api.Proxy(uri) as proxy:
        current_context.annotations = {"MINE": b"secret"}
        assert proxy.seen() == ["MINE"]
        current_context.annotations = {}
    with Pyro5.api.Proxy(uri) as other:
        other._pyroBind()
    with Pyro5.api.Proxy(uri) as third:
        current_context.annotations = {"THRD": b"own"}
        third._pyroBind()
    assert daemon.greetings[1:] == [({}, True), ({"THRD": b"own"}, True)]


def test_junk_is_refused_without_the_correlation_of_the_client_before(
    daemon: Any, uri: Any
) -> None:
    current_context.correlation_id = uuid.uuid4()
    with Pyro5.api.Proxy(uri) as proxy:
        assert proxy.ping() == "pong"
    with raw(daemon) as connection:
        connection.send(b"junk" * 20)
        reply = protocol.recv_stub(connection, [protocol.MSG_CONNECTFAIL])
    assert reply.corr_id == bytes(16)


@pytest.mark.parametrize("method", ["note", "make"])
def test_a_proxy_that_is_made_leaves_the_annotations_of_the_reply(
    uri: Any, method: str
) -> None:
    with Pyro5.api.Proxy(uri) as proxy:
        proxy._pyroRawWireResponse = True  # to read the result would make a proxy here, too
        reply = getattr(proxy, method)()
    came = {key: bytes(value) for key, value in reply.annotations.items()}
    assert came == {"NOTE": b"mine"}


def test_an_unknown_serializer_is_refused(daemon: Any, uri: Any) -> None:
    with raw(daemon) as connection:
        connection.send(greeting(9))
        reply = protocol.recv_stub(connection, [protocol.MSG_CONNECTFAIL])
        assert b"unknown serializer 9" in bytes(reply.data)
    with raw(daemon) as connection:
        connection.send(greeting(1))
        protocol.recv_stub(connection, [protocol.MSG_CONNECTOK])
        request = protocol.SendingMessage(protocol.MSG_INVOKE, 0, 1, 9, b"x")
        connection.send(request.data)
        reply = protocol.recv_stub(connection, [protocol.MSG_RESULT])
        assert reply.flags & protocol.FLAGS_EXCEPTION
        assert b"unknown serializer 9" in bytes(reply.data)
        ping = protocol.SendingMessage(protocol.MSG_PING, 0, 2, 1, b"ping")
        connection.send(ping.data)
        protocol.recv_stub(connection, [protocol.MSG_PING])
    with Pyro5.api.Proxy(uri) as proxy:
        assert proxy.ping() == "pong"


def test_a_client_with_marshal_spoils_nothing_for_others(uri: Any) -> None:
    with Pyro5.api.Proxy(uri) as proxy:
        for name in ("serpent", "marshal", "serpent", "json", "msgpack"):
            proxy._pyroSerializer = name
            result = proxy.itself()
            assert isinstance(result, Pyro5.api.Proxy)
            assert result._pyroUri == uri


@pytest.mark.parametrize("name", ["serpent", "marshal", "json", "msgpack"])
def test_blobs_are_read_with_any_serializer_and_leave_nothing(uri: Any, name: str) -> None:
    with Pyro5.api.Proxy(uri) as proxy:
        proxy._pyroSerializer = name
        blob = Pyro5.api.SerializedBlob("about", {"a": [1, 2]})
        assert proxy.read(blob) == {"a": [1, 2]}
        assert list(current_context.annotations) == []
        assert list(proxy.seen()) == []


def test_a_security_error_leaves_the_connection(uri: Any) -> None:
    with Pyro5.api.Proxy(uri) as proxy:
        proxy._pyroBind()
        connection = proxy._pyroConnection
        with pytest.raises(errors.SecurityError, match="not you"):
            proxy.refuse()
        assert proxy.ping() == "pong"
        assert proxy._pyroConnection is connection


def test_a_proxy_takes_its_greeting_along(uri: Any) -> None:
    with Pyro5.api.Proxy(uri) as proxy, Pyro5.api.Proxy(uri) as passed:
        passed._pyroHandshake = "a word"
        assert proxy.state(passed) == "a word"


def test_a_uri_without_a_host_has_no_location() -> None:
    uri = Pyro5.api.URI("PYRO:thing@:1234")
    assert (uri.host, uri.port, uri.location, str(uri)) == ("", 1234, None, "PYRO:thing")
    uri.host = "lab.example"
    assert str(uri) == "PYRO:thing@lab.example:1234"


def test_what_only_the_manual_had_is_not_there() -> None:
    with pytest.raises(AttributeError):
        Pyro5.config.ONEWAY_THREADED = True
    assert issubclass(errors.MessageTooLargeError, errors.ProtocolError)


def test_a_combined_daemon_can_be_closed_while_the_other_serves(
    running: Callable[[Any], Any],
) -> None:
    Pyro5.config.SERVERTYPE = "multiplex"
    one, two = Pyro5.api.Daemon(), Pyro5.api.Daemon()
    stays, goes = one.register(Thing()), two.register(Thing())
    one.combine(two)
    running(one)
    with Pyro5.api.Proxy(goes) as proxy:
        assert proxy.ping() == "pong"
    two.close()
    with Pyro5.api.Proxy(goes) as proxy, pytest.raises(errors.CommunicationError):
        proxy.ping()
    with Pyro5.api.Proxy(stays) as proxy:
        assert proxy.ping() == "pong"


def test_no_client_can_spoil_the_names_of_others(running: Callable[[Any], Any]) -> None:
    daemon = running(Pyro5.nameserver.NameServerDaemon("localhost", 0))
    own = daemon.uriFor("Pyro.NameServer")
    with Pyro5.api.Proxy(own) as names:
        with pytest.raises(errors.NamingError):
            names.register("Pyro.NameServer", "PYRO:thief@localhost:1")
        with pytest.raises(TypeError, match="tag"):
            names.register("thing", "PYRO:thing@localhost:1", metadata=[5])
        assert names.list() == {"Pyro.NameServer": str(own)}
        names.register("", "PYRO:thing@localhost:1")
        assert names.remove(regex="^$") == 1
        assert names.list() == {"Pyro.NameServer": str(own)}


@pytest.mark.parametrize("port", [-1, 70000])
def test_a_port_that_is_none_leaves_no_daemon(port: int, server_type: str) -> None:
    with pytest.raises(OverflowError, match="port must be 0-65535"):
        Pyro5.api.Daemon(port=port)
    with pytest.raises(OverflowError, match="port must be 0-65535"):
        Pyro5.nameserver.start_ns("0.0.0.0", 0, bcport=port)
    Pyro5.config.NS_PORT = 1
    with pytest.raises(errors.NamingError, match="Failed to locate the nameserver"):
        Pyro5.api.locate_ns(port=port)


def test_a_port_that_is_no_number_is_a_type_error(server_type: str) -> None:
    with pytest.raises(TypeError, match="integer"):
        Pyro5.api.Daemon(port="x")  # type: ignore[arg-type]
