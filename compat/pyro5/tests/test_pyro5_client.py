"""Proxies at their edges: stand-ins, raw replies, live settings, what they log and show."""

from __future__ import annotations

import copy
import gc
import logging
import socket
import subprocess
import sys
import textwrap
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import Pyro5.api
from looping import looping
from Pyro5 import client, core, errors, protocol
from Pyro5.callcontext import current_context
from Pyro5.client import BatchProxy, Proxy, SerializedBlob
from Pyro5.serializers import serializers


@Pyro5.api.expose
class Desk:
    """What the tests call."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def echo(self, value: Any) -> Any:
        """Return what came."""
        return value

    def fail(self) -> None:
        """Raise."""
        raise ZeroDivisionError("by design")

    def unsafe(self) -> None:
        """Raise what Pyro itself raises."""
        raise errors.SecurityError("not here")

    def count(self) -> Iterator[int]:
        """Yield for ever."""
        try:
            yield from range(1_000_000)
        finally:
            self.closed.set()

    def chunks(self) -> list[str]:
        """Return the names of the annotations that came along."""
        return list(current_context.annotations)

    def blob(self, blob: Any) -> Any:
        """Read an argument when it is wanted."""
        return [blob.info, blob.deserialized()]

    @property
    def label(self) -> str:
        """A text."""
        return "desk"


@pytest.fixture
def desk() -> Desk:
    """Give what is served."""
    return Desk()


@pytest.fixture
def proxy(desk: Desk, serve: Callable[..., Any]) -> Iterator[Any]:
    """Give a proxy for it."""
    with Proxy(serve(desk, "desk")) as proxy:
        yield proxy


class Line:
    """All that a proxy needs of a connection."""

    def __init__(self, *answers: protocol.SendingMessage) -> None:
        self.sent: list[bytes] = []
        self.rest = b"".join(answer.data for answer in answers)
        self.closed = False

    def send(self, data: bytes) -> None:
        """Take a message."""
        self.sent.append(data)

    def recv(self, size: int) -> bytes:
        """Give bytes."""
        data, self.rest = self.rest[:size], self.rest[size:]
        return data

    def close(self) -> None:
        """Be closed."""
        self.closed = True


def answer(payload: bytes, seq: int = 1, flags: int = 0, serializer: int = 1) -> Any:
    """Return a reply."""
    return protocol.SendingMessage(protocol.MSG_RESULT, flags, seq, serializer, payload)


def standing(*answers: protocol.SendingMessage) -> Any:
    """Return a proxy over a connection that gives those answers."""
    proxy: Any = Proxy("PYRO:desk@localhost:1")
    proxy._pyroConnection = Line(*answers)
    proxy._pyroMethods = {"echo"}
    return proxy


def test_a_proxy_is_gone_as_soon_as_nobody_holds_it(serve: Callable[..., Any]) -> None:
    gc.collect()
    gc.disable()
    try:
        proxy: Any = Proxy(serve(Desk()))
        with pytest.raises(ZeroDivisionError):
            proxy.fail()
        with pytest.raises(errors.SecurityError):
            proxy.unsafe()
        with pytest.raises(errors.SerializeError):
            proxy.echo(len)
        sock = proxy._pyroConnection.sock
        del proxy
        assert sock.fileno() == -1
    finally:
        gc.enable()


# Stand-ins for connections.


def test_a_proxy_in_a_cycle_takes_its_socket_along(
    desk: Desk, serve: Callable[..., Any]
) -> None:
    proxy = Proxy(serve(desk))
    proxy._pyroBind()
    cycle: list[Any] = [proxy]
    cycle.append(cycle)
    del proxy, cycle
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        gc.collect()
    assert [str(warning.message) for warning in seen] == []


def test_a_call_needs_a_connection_that_sends_and_receives() -> None:
    proxy = standing(answer(b"# serpent utf-8\n42"))
    line = proxy._pyroConnection
    assert proxy.echo("a") == 42
    (sent,) = line.sent
    assert sent.endswith(b"('desk','echo',('a',),{})")
    assert not line.closed
    proxy._pyroRelease()
    assert line.closed
    assert proxy._pyroConnection is None


def test_releasing_and_timeouts_need_even_less() -> None:
    class Bare:
        timeout = 0.5

        def close(self) -> None:
            """Do nothing."""

    Pyro5.config.COMMTIMEOUT = 2.0
    proxy: Any = Proxy("PYRO:desk@localhost:1")
    proxy._pyroConnection = bare = Bare()
    assert proxy._pyroTimeout == 2.0
    for given, there in ((5, 5), (None, None), (0, None)):
        proxy._pyroTimeout = given
        assert (proxy._pyroTimeout, bare.timeout) == (given, there)
    proxy._pyroRelease()


@pytest.mark.parametrize(
    ("reply", "error", "text"),
    [
        (
            answer(b"", seq=7),
            errors.ProtocolError,
            "sequence out of sync, got 7 expected 1",
        ),
        (
            answer(b"", serializer=3),
            errors.SerializeError,
            "invalid serializer in response: 3",
        ),
        (answer(b"\xff"), errors.SerializeError, "not serpent data"),
        (answer(b"3", flags=1), errors.ProtocolError, "int came in place of an exception"),
        (
            protocol.SendingMessage(protocol.MSG_PING, 0, 1, 1, b""),
            errors.ProtocolError,
            "invalid msg type 6 received",
        ),
    ],
)
def test_a_reply_that_is_wrong_ends_the_connection(
    reply: Any, error: type[Exception], text: str
) -> None:
    proxy = standing(reply)
    line = proxy._pyroConnection
    with pytest.raises(error, match=text):
        proxy.echo(1)
    assert line.closed == ("in place of" not in text)


def test_what_can_not_be_sent_leaves_the_connection(proxy: Any) -> None:
    assert proxy.echo(1) == 1
    line = proxy._pyroConnection
    with pytest.raises(errors.SerializeError, match="argument 1: builtin_function"):
        proxy.echo(len)
    current_context.annotations = {"ABC": b""}
    with pytest.raises(errors.ProtocolError, match="4 ascii characters"):
        proxy.echo(1)
    current_context.annotations = {}
    Pyro5.config.MAX_MESSAGE_SIZE = 200
    with pytest.raises(
        errors.MessageTooLargeError, match=r"message too large \(\d+, max=200"
    ):
        proxy.echo("x" * 200)
    assert proxy.echo(2) == 2
    assert proxy._pyroConnection is line


def test_a_serializer_that_is_unknown_is_a_key_error_when_it_is_needed(proxy: Any) -> None:
    proxy._pyroSerializer = "bogus"
    with pytest.raises(KeyError, match=r"^'bogus'$"):
        proxy._pyroBind()
    proxy._pyroSerializer = None
    assert proxy.echo(1) == 1
    proxy._pyroSerializer = "bogus"
    with pytest.raises(KeyError, match=r"^'bogus'$"):
        proxy.echo(1)
    Pyro5.config.SERIALIZER = "strange"
    with pytest.raises(ValueError, match="unknown serializer configured: 'strange'"):
        Proxy("PYRO:desk@localhost:1")


# Raw replies.


def test_raw_replies_are_the_messages_as_they_came(proxy: Any) -> None:
    proxy._pyroRawWireResponse = True
    reply = proxy.echo("a")
    assert type(reply) is protocol.ReceivingMessage
    assert bytes(reply.data).endswith(b"\n'a'")
    assert proxy.fail().flags & protocol.FLAGS_EXCEPTION
    assert b"'desk'" in bytes(proxy.label.data)
    stream = proxy.count()
    assert stream.flags & protocol.FLAGS_ITEMSTREAMRESULT
    assert len(stream.annotations["STRM"]) > 10
    assert copy.copy(proxy)._pyroRawWireResponse
    proxy._pyroRawWireResponse = False
    assert proxy.echo("a") == "a"


# Live settings, and the log.


def test_compression_counts_for_each_message(proxy: Any, monkeypatch: Any) -> None:
    proxy._pyroBind()
    sent: list[bytes] = []
    send = proxy._pyroConnection.send

    def spy(data: bytes) -> None:
        sent.append(data)
        send(data)

    monkeypatch.setattr(proxy._pyroConnection, "send", spy)
    for Pyro5.config.COMPRESSION in (False, True, False):
        assert proxy.echo("a" * 1000) == "a" * 1000
    assert [len(data) > 1000 for data in sent] == [True, False, True]


def test_bytes_are_written_as_configured_for_each_message(proxy: Any) -> None:
    assert proxy.echo(b"a")["data"] == "YQ=="
    Pyro5.config.SERPENT_BYTES_REPR = True
    assert proxy.echo(b"a") == b"a"


def test_messages_are_logged_if_configured(
    proxy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    proxy._pyroSerializer = "json"
    with caplog.at_level(logging.DEBUG, "Pyro5.client"):
        proxy._pyroBind()
        assert not [text for text in caplog.messages if "msgtype" in text]
        proxy._pyroRelease()
        Pyro5.config.LOGWIRE = True
        proxy.echo("a")
    texts = [text.partition(" flags")[0] for text in caplog.messages if "msgtype" in text]
    assert texts == [
        "proxy connect sending: msgtype=1",
        "proxy connect response received: msgtype=2",
        "proxy wiredata sending: msgtype=4",
        "proxy wiredata received: msgtype=5",
    ]
    assert caplog.messages[-1].endswith("data=b'\"a\"'")


def test_connecting_is_logged(proxy: Any, caplog: pytest.LogCaptureFixture) -> None:
    uri = proxy._pyroUri
    with caplog.at_level(logging.DEBUG, "Pyro5.client"):
        proxy._pyroBind()
        with pytest.raises(errors.CommunicationError):
            Proxy("PYRO:desk@localhost:1")._pyroBind()
    assert caplog.messages == [
        f"connecting to {uri}",
        "from meta: methods=['blob', 'chunks', 'count', 'echo', 'fail', 'unsafe'], "
        "oneway methods=[], attributes=['label']",
        f"connected to {uri} - IPv4 - unencrypted",
        "connecting to PYRO:desk@localhost:1",
        "cannot connect to ('localhost', 1): [Errno 111] Connection refused",
    ]


# What is shown.


def test_places_are_shown_as_python_has_them(proxy: Any) -> None:
    with pytest.raises(errors.CommunicationError) as caught:
        Proxy("PYRO:desk@./u:/no/such/socket")._pyroBind()
    assert str(caught.value).startswith("cannot connect to /no/such/socket: ")
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    uri = copy.copy(proxy._pyroUri)
    uri.object = "other"
    with pytest.raises(errors.CommunicationError) as caught:
        Proxy(uri)._pyroBind()
    assert str(caught.value).startswith(
        f"connection to ('localhost', {uri.port}) rejected: unknown object"
    )


def test_an_unconnected_proxy_lists_its_own_names_only(proxy: Any) -> None:
    names = dir(proxy)
    assert "__hash__" in names
    assert "_pyroUri" in names
    assert "echo" not in names
    assert proxy._pyroConnection is None
    proxy._pyroBind()
    assert set(dir(proxy)) - set(names) >= {"echo", "label"}
    assert proxy.__dir__() == dir(proxy)


def test_a_proxy_shows_its_owner_and_its_connection(proxy: Any) -> None:
    start = f"<Pyro5.client.Proxy at 0x{id(proxy):x}; "
    end = f"for {proxy._pyroUri}; owner {threading.get_ident()}>"
    assert repr(proxy) == f"{start}not connected; {end}"
    proxy._pyroBind()
    assert str(proxy) == f"{start}connected IPv4; {end}"


def test_private_names_are_as_unknown_as_others() -> None:
    proxy: Any = Proxy("PYRO:desk@localhost:1")
    with pytest.raises(AttributeError) as caught:
        _ = proxy._secret
    assert str(caught.value) == (
        "remote object 'PYRO:desk@localhost:1' has no exposed attribute or method '_secret'"
    )


# Metadata.


def test_metadata_that_is_known_is_not_asked_for() -> None:
    proxy: Any = Proxy("PYRO:desk@localhost:1")
    known = {"methods": ["a"], "attrs": {"b"}, "oneway": ("a",)}
    proxy._pyroGetMetadata(known_metadata=known)
    assert (proxy._pyroMethods, proxy._pyroAttrs, proxy._pyroOneway) == (
        {"a"},
        {"b"},
        {"a"},
    )
    with pytest.raises(errors.PyroError, match="doesn't expose any methods or attributes"):
        proxy._pyroGetMetadata(known_metadata={"methods": []})


def test_metadata_is_learned_anew(proxy: Any) -> None:
    proxy._pyroAttrs = None
    proxy._pyroGetMetadata()
    assert proxy._pyroAttrs == {"label"}
    proxy._pyroMethods, proxy._pyroAttrs = set(), set()
    assert proxy.echo(1) == 1
    proxy._pyroGetMetadata("Pyro.Daemon")
    assert "registered" in proxy._pyroMethods
    proxy._pyroRelease()
    proxy._pyroBind()
    assert "registered" not in proxy._pyroMethods


# Owners.


def test_greenlets_own_proxies_if_there_are_any() -> None:
    code = """
        import sys, types
        current = ["first"]
        fake = types.ModuleType("greenlet")
        fake.getcurrent = lambda: current[0]
        sys.modules["greenlet"] = fake
        import Pyro5.api
        proxy = Pyro5.api.Proxy("PYRO:desk@localhost:1")
        assert repr(proxy).endswith("owner first>"), proxy
        current[0] = "second"
        try:
            proxy._pyroRelease()
        except Pyro5.errors.PyroError as error:
            print(error)
        proxy._pyroClaimOwnership()
        proxy._pyroRelease()
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.startswith("the calling thread is not the owner of this proxy, ")


# Methods, batches, streams, blobs.


def test_methods_send_their_full_names() -> None:
    method = client._RemoteMethod(lambda *sent: sent, "a", 0)
    assert method.b.c(1, x=2) == ("a.b.c", (1,), {"x": 2})
    assert isinstance(standing().echo, client._RemoteMethod)


def test_methods_are_called_again_as_often_as_said() -> None:
    calls: list[str] = []

    def send(name: str, args: Any, kwargs: Any) -> str:
        calls.append(name)
        if len(calls) < 3:
            raise errors.TimeoutError("receiving: timeout")
        return "done"

    assert client._RemoteMethod(send, "a", 2)() == "done"
    calls.clear()
    with pytest.raises(errors.TimeoutError):
        client._RemoteMethod(send, "a", 1)()


class Batched:
    """All that a batch needs of a proxy."""

    def __init__(self, *results: Any) -> None:
        self.results = list(results)
        self.seen: list[Any] = []

    def _pyroClaimOwnership(self) -> None:
        self.seen.append("claimed")

    def _pyroInvokeBatch(self, calls: Any, oneway: bool = False) -> Any:
        self.seen.append((list(calls), oneway))
        return self.results


def test_a_batch_works_on_a_stand_in() -> None:
    proxy = Batched(1, core._ExceptionWrapper(ValueError("second")), 3)
    batch: Any = BatchProxy(proxy)
    assert isinstance(batch.a, client._BatchedRemoteMethod)
    assert batch.a(1) is None
    batch.b.c(x=2)
    found = batch()
    assert proxy.seen == ["claimed", ([("a", (1,), {}), ("b.c", (), {"x": 2})], False)]
    assert next(found) == 1
    with pytest.raises(ValueError, match="second"):
        next(found)
    assert list(found) == []
    assert list(batch()) == []
    batch.a()
    assert batch(oneway=True) is None
    assert proxy.seen[-1] == ([("a", (), {})], True)


def test_batches_fail_in_their_place(proxy: Any) -> None:
    batch: Any = BatchProxy(proxy)
    batch.echo(1)
    batch.fail()
    found = batch()
    assert next(found) == 1
    with pytest.raises(ZeroDivisionError, match="by design") as caught:
        next(found)
    assert caught.value._pyroTraceback  # type: ignore[attr-defined]


def test_what_is_no_result_of_a_batch_is_refused() -> None:
    proxy = Batched()
    proxy.results = 3  # type: ignore[assignment]
    batch: Any = BatchProxy(proxy)
    batch.a()
    with pytest.raises(
        errors.ProtocolError, match="int came in place of a batch's results"
    ):
        batch()


def test_a_stream_is_closed_from_any_thread_and_in_the_middle_of_a_call(
    proxy: Any, desk: Desk
) -> None:
    stream = proxy.count()
    assert isinstance(stream, client._StreamResultIterator)
    assert [next(stream), next(stream)] == [0, 1]
    current_context.response_annotations = {"KEPT": b""}
    sent: list[bytes] = []
    send = proxy._pyroConnection.send
    proxy._pyroConnection.send = sent.append  # to see that another one is used
    thread = threading.Thread(target=stream.close)
    thread.start()
    thread.join()
    assert desk.closed.wait(5)
    assert current_context.response_annotations == {"KEPT": b""}
    desk.closed.clear()
    proxy._pyroConnection.send = send
    stream = proxy.count()
    next(stream)
    proxy._pyroConnection.send = sent.append
    proxy._pyroSending = True  # as while a call is being sent
    del stream
    gc.collect()
    assert desk.closed.wait(5)
    proxy._pyroSending = False
    proxy._pyroConnection.send = send
    assert sent == []
    assert proxy.echo(1) == 1


def test_a_stream_is_collected_in_the_thread_that_serves_it() -> None:
    """As cyclic garbage can be; that thread must not wait for itself."""
    kept: list[Any] = []

    @Pyro5.api.expose
    class Tidy(Desk):
        def tidy(self) -> None:
            kept.clear()

    Pyro5.config.SERVERTYPE = "multiplex"
    tidy = Tidy()
    with Pyro5.api.Daemon() as daemon, looping() as loop:
        uri = daemon.register(tidy)
        loop(daemon)
        with Proxy(uri) as proxy, Proxy(uri) as other:
            kept.append(proxy.count())
            assert next(kept[0]) == 0
            other._pyroTimeout = 5
            other.tidy()
            assert tidy.closed.wait(5)


@pytest.mark.parametrize("serializer", ["serpent", "json", "marshal", "msgpack"])
def test_blobs_travel_and_can_be_made_of_messages(proxy: Any, serializer: str) -> None:
    proxy._pyroSerializer = serializer
    current_context.annotations = {"MINE": b"x"}
    assert proxy.blob(SerializedBlob("info", {"a": 1})) == ["info", {"a": 1}]
    assert proxy.chunks() == ["MINE"]
    number = {"serpent": 1, "marshal": 2, "json": 3, "msgpack": 4}[serializer]
    payload = serializers[serializer].dumpsCall("o", "m", [1, 2], {})
    sent = protocol.SendingMessage(4, 0, 1, number, payload, {"ABCD": b"x"})
    came = protocol.ReceivingMessage(sent.data[:40], sent.data[40:])
    for message in (sent, came):
        blob = SerializedBlob("other", message, is_blob=True)
        assert list(blob.deserialized()) == [1, 2]
        assert proxy.blob(blob) == ["other", [1, 2]]


def test_blobs_are_alone_or_refused(proxy: Any) -> None:
    blob = SerializedBlob("info", [1])
    for args, kwargs in (([blob, 2], {}), ([[blob]], {}), ([], {"blob": blob})):
        with pytest.raises(errors.SerializeError, match="must be the only argument"):
            proxy.blob(*args, **kwargs)
    with pytest.raises(TypeError, match="data should be a protocol message object"):
        SerializedBlob("info", [1], is_blob=True)


def test_an_error_of_pyros_own_leaves_the_connection_to_one_of_us(proxy: Any) -> None:
    with pytest.raises(errors.SecurityError, match="not here"):
        proxy.unsafe()
    assert proxy._pyroConnection is not None
    proxy._pyroConnection.is_ours = False  # as of a genuine Pyro5, which closes now
    with pytest.raises(errors.SecurityError):
        proxy.unsafe()
    assert proxy._pyroConnection is None


def test_connected_sockets_take_the_time_limit_and_stay_open(
    desk: Desk, running: Any
) -> None:
    ours, theirs = socket.socketpair()
    daemon = Pyro5.api.Daemon(connected_socket=theirs)
    daemon.register(desk, "desk")
    running(daemon)
    Pyro5.config.COMMTIMEOUT = 5.0
    for number in range(2):
        with Proxy("desk", connected_socket=ours) as proxy:
            assert proxy.echo(number) == number
        assert ours.gettimeout() == 5.0
    with pytest.raises(errors.CommunicationError):
        proxy.echo(3)
    ours.close()
    daemon.close()
    theirs.close()
