"""Proxies, through the package as programs use it."""

from __future__ import annotations

import copy
import os
import pickle
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import Pyro5.api
from Pyro5 import errors
from Pyro5.streams import _StreamResultIterator


@Pyro5.api.expose
class Shelf:
    """What the tests call."""

    def __init__(self) -> None:
        self._label = "new"
        self.noted: list[str] = []
        self.told = threading.Event()

    @property
    def label(self) -> str:
        """A text that can be set."""
        return self._label

    @label.setter
    def label(self, value: str) -> None:
        self._label = value

    def add(self, *numbers: int, scale: int = 1) -> int:
        """Return a sum."""
        return sum(numbers) * scale

    def items(self, count: int) -> Iterator[int]:
        """Yield numbers."""
        yield from range(count)

    def endless(self) -> Iterator[int]:
        """Yield one, then wait for a word."""
        try:
            while True:
                yield 1
        finally:
            self.told.set()

    def broken(self) -> Iterator[int]:
        """Yield one, then fail."""
        yield 1
        raise ValueError("no more")

    @Pyro5.api.oneway
    def note(self, text: str) -> None:
        """Keep a text."""
        self.noted.append(text)
        self.told.set()

    def blob(self, blob: Any) -> tuple[str, str, Any]:
        """Take an argument unread, then read it."""
        return type(blob).__name__, blob.info, blob.deserialized()

    def forward(self, uri: str, blob: Any) -> None:
        """Not reached: a blob must be alone."""

    def echo(self, value: Any) -> Any:
        """Return what came."""
        return value


@Pyro5.api.expose
class Numbers:
    """A sequence of three numbers."""

    def __init__(self) -> None:
        self._numbers = [1, 2, 3]

    def __getitem__(self, index: int) -> int:
        return self._numbers[index]

    def __setitem__(self, index: int, value: int) -> None:
        self._numbers[index] = value

    def __delitem__(self, index: int) -> None:
        del self._numbers[index]

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, value: int) -> bool:
        return value == 99


@Pyro5.api.expose
class Stream:
    """Can be iterated over, and has no length."""

    def __iter__(self) -> Iterator[int]:
        return iter([4, 5])


@pytest.fixture
def shelf() -> Shelf:
    """The object behind the proxy."""
    return Shelf()


@pytest.fixture
def proxy(serve: Callable[..., Any], shelf: Shelf) -> Iterator[Any]:
    """A proxy for it, not connected."""
    with Pyro5.api.Proxy(serve(shelf, "shelf")) as proxy:
        yield proxy


@pytest.mark.parametrize("serializer", ["serpent", "json", "marshal", "msgpack"])
def test_calls_and_properties_work_in_all_serializers(proxy: Any, serializer: str) -> None:
    proxy._pyroSerializer = serializer
    assert proxy.add(1, 2, scale=3) == 9
    proxy.label = "used"
    assert proxy.label == "used"


def test_the_serializer_may_change_while_connected(proxy: Any) -> None:
    assert proxy.echo((1, 2)) == (1, 2)
    line = proxy._pyroConnection
    proxy._pyroSerializer = "json"
    assert proxy.echo((1, 2)) == [1, 2]
    assert proxy._pyroConnection is line


def test_an_unknown_serializer_is_an_error_where_it_is_used(proxy: Any) -> None:
    proxy._pyroBind()
    proxy._pyroSerializer = "pickle"
    with pytest.raises(KeyError, match="pickle"):
        proxy.add()
    Pyro5.config.SERIALIZER = "pickle"
    with pytest.raises(ValueError, match="unknown"):
        Pyro5.api.Proxy("PYRO:x@localhost:1")


def test_a_proxy_connects_when_it_is_first_used(proxy: Any) -> None:
    assert (proxy._pyroConnection, proxy._pyroLocalSocket) == (None, None)
    assert proxy._pyroMethods == set()
    assert proxy.add(1) == 1
    assert proxy._pyroMethods == {
        "add", "items", "endless", "broken", "note", "blob", "forward", "echo"
    }  # fmt: skip
    assert proxy._pyroAttrs == {"label"}
    assert proxy._pyroOneway == {"note"}
    line: Any = proxy._pyroConnection
    assert proxy._pyroLocalSocket == line.sock.getsockname()
    assert proxy._pyroSeq == 1
    assert not proxy._pyroBind()
    proxy._pyroRelease()
    assert proxy._pyroConnection is None
    assert proxy._pyroBind()
    assert proxy.add(1) == 1
    assert proxy._pyroSeq == 2


def test_what_is_not_there_is_an_attribute_error_without_a_call(proxy: Any) -> None:
    assert not hasattr(proxy, "nothing")
    text = f"remote object '{proxy._pyroUri}' has no exposed attribute or method 'nothing'"
    with pytest.raises(AttributeError, match=f"^{re.escape(text)}$"):
        _ = proxy.nothing
    with pytest.raises(AttributeError, match="has no exposed attribute 'add'"):
        proxy.add = 1
    with pytest.raises(AttributeError):
        del proxy.add
    assert proxy._pyroSeq == 0


def test_the_server_decides_whatever_the_client_thinks(proxy: Any) -> None:
    with pytest.raises(AttributeError, match="told"):
        proxy._pyroInvoke("told", (), {})
    with pytest.raises(AttributeError, match="private"):
        proxy._pyroInvoke("__init__", (), {})
    with pytest.raises(AttributeError, match=r"add\.b"):
        proxy.add.b()


def test_texts_tell_object_connection_and_owner(proxy: Any) -> None:
    thread = threading.get_ident()
    uri = proxy._pyroUri
    assert repr(proxy) == (
        f"<Pyro5.client.Proxy at 0x{id(proxy):x}; not connected; for {uri}; owner {thread}>"
    )
    proxy._pyroBind()
    assert f"; connected IPv4; for {uri}; owner {thread}>" in str(proxy)


def test_proxies_are_equal_if_their_uris_are(proxy: Any) -> None:
    assert proxy == Pyro5.api.Proxy(str(proxy._pyroUri))
    assert proxy != Pyro5.api.Proxy("PYRO:other@localhost:1")
    assert proxy != str(proxy._pyroUri)
    assert hash(proxy) == hash(proxy._pyroUri)
    assert hash(Pyro5.api.Proxy("PYROMETA:b,a")) == hash(Pyro5.api.Proxy("PYROMETA:a,b"))


def test_copies_know_the_same_and_are_not_connected(proxy: Any) -> None:
    proxy._pyroTimeout = 5
    proxy._pyroMaxRetries = 2
    proxy._pyroHandshake = "dear"
    proxy._pyroSerializer = "json"
    assert proxy.add(1) == 1
    other = copy.copy(proxy)
    assert (other._pyroTimeout, other._pyroMaxRetries, other._pyroSeq) == (5, 2, 0)
    assert other._pyroMethods == proxy._pyroMethods
    assert other._pyroMethods is not proxy._pyroMethods
    assert other._pyroConnection is None
    for again in (copy.deepcopy(proxy), pickle.loads(pickle.dumps(proxy))):
        assert (again._pyroTimeout, again._pyroMaxRetries) == (0.0, 0)
        assert (again._pyroHandshake, again._pyroSerializer) == ("dear", "json")
        assert again == proxy
        assert again.add(2) == 2
        again._pyroRelease()


def test_a_proxy_that_travels_comes_back_as_one(proxy: Any) -> None:
    proxy._pyroSerializer = "json"
    proxy._pyroHandshake = "dear"
    back = proxy.echo(proxy)
    assert type(back) is Pyro5.api.Proxy
    assert (back._pyroSerializer, back._pyroHandshake) == ("json", "dear")
    assert back == proxy
    assert back._pyroMethods == proxy._pyroMethods
    with back:
        assert back.add(3) == 3


def test_proxies_of_a_subclass_travel_too(proxy: Any) -> None:
    class Special(Pyro5.api.Proxy):
        pass

    assert proxy.echo([Special(proxy._pyroUri)]) == [proxy]


def test_only_the_owning_thread_may_use_a_proxy(proxy: Any) -> None:
    assert proxy.add(1) == 1
    seen = []

    def use() -> None:
        for action in (lambda: proxy.add(1), lambda: proxy.label, proxy._pyroRelease):
            with pytest.raises(errors.PyroError, match="not the owner of this proxy"):
                action()
        proxy._pyroClaimOwnership()
        seen.append(proxy.add(2))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert seen == [2]
    with pytest.raises(errors.PyroError, match="not the owner"):
        proxy.add(1)
    proxy._pyroClaimOwnership()


def test_operators_are_forwarded(serve: Callable[..., Any]) -> None:
    with Pyro5.api.Proxy(serve(Numbers())) as numbers:
        assert bool(numbers)
        assert len(numbers) == 3
        numbers[0] = 7
        del numbers[1]
        assert list(numbers) == [7, 3]
        assert 99 in numbers
        assert 7 not in numbers


def test_an_iterable_without_length_can_be_listed(serve: Callable[..., Any]) -> None:
    with Pyro5.api.Proxy(serve(Stream())) as stream:
        assert list(stream) == [4, 5]
        assert 5 in stream
        with pytest.raises(AttributeError):
            len(stream)
        with pytest.raises(TypeError):
            len(stream)


def test_items_of_several_streams_and_calls_may_alternate(proxy: Any) -> None:
    one, two = proxy.items(3), proxy.items(2)
    assert type(one) is _StreamResultIterator
    assert [next(one), next(two), proxy.add(5), next(one), next(two)] == [0, 0, 5, 1, 1]
    assert list(one) == [2]
    assert list(one) == []
    with pytest.raises(StopIteration):
        next(one)


def test_a_stream_that_is_closed_ends_on_the_server(proxy: Any, shelf: Shelf) -> None:
    items = proxy.endless()
    assert next(items) == 1
    items.close()
    assert shelf.told.wait(5)
    with pytest.raises(StopIteration):
        next(items)


def test_a_stream_that_is_forgotten_ends_on_the_server(proxy: Any, shelf: Shelf) -> None:
    items = proxy.endless()
    assert next(items) == 1
    del items
    assert shelf.told.wait(5)


def test_a_stream_ends_with_the_error_of_the_iterator(proxy: Any) -> None:
    items = proxy.broken()
    assert next(items) == 1
    with pytest.raises(ValueError, match="no more"):
        next(items)
    with pytest.raises(errors.PyroError, match="item stream terminated"):
        next(items)


def test_a_stream_goes_on_after_reconnecting(proxy: Any) -> None:
    items = proxy.items(3)
    assert next(items) == 0
    proxy._pyroRelease()
    with pytest.raises(errors.ConnectionClosedError, match="has been closed"):
        next(items)
    proxy._pyroReconnect()
    assert list(items) == [1, 2]


def test_without_streaming_an_iterator_is_a_protocol_error(
    serve: Callable[..., Any],
) -> None:
    Pyro5.config.ITER_STREAMING = False
    with Pyro5.api.Proxy(serve(Shelf())) as proxy:
        with pytest.raises(errors.ProtocolError, match="not configured to allow streaming"):
            proxy.items(3)
        assert proxy._pyroConnection is None


def test_a_batch_gives_results_up_to_the_first_error(proxy: Any) -> None:
    batch = Pyro5.api.BatchProxy(proxy)
    assert batch.add(1) is None
    batch.add(1, 2)
    batch.echo()
    batch.add(4)
    results = batch()
    assert [next(results), next(results)] == [1, 3]
    with pytest.raises(TypeError, match="echo"):
        next(results)
    assert list(results) == []
    assert list(batch()) == []
    batch.add(9)
    assert list(batch()) == [9]


def test_a_batch_that_fails_as_a_whole_is_empty_again(proxy: Any) -> None:
    batch = Pyro5.api.BatchProxy(proxy)
    batch.add(1)
    batch.nothing()
    with pytest.raises(AttributeError, match="nothing"):
        batch()
    assert list(batch()) == []


@pytest.mark.parametrize("serializer", ["serpent", "json", "marshal", "msgpack"])
def test_batches_work_in_all_serializers(proxy: Any, serializer: str) -> None:
    proxy._pyroSerializer = serializer
    batch = Pyro5.api.BatchProxy(proxy)
    batch.add(1, scale=2)
    assert list(batch()) == [2]


def test_a_oneway_batch_has_no_results(proxy: Any, shelf: Shelf) -> None:
    batch = Pyro5.api.BatchProxy(proxy)
    batch.note("one")
    assert batch(oneway=True) is None
    assert shelf.told.wait(5)
    assert shelf.noted == ["one"]


def test_a_batch_takes_the_ownership_and_can_be_copied(proxy: Any) -> None:
    batch = Pyro5.api.BatchProxy(proxy)
    batch.add(1)
    other = copy.copy(batch)
    seen: list[Any] = []
    thread = threading.Thread(target=lambda: seen.extend(other()))
    thread.start()
    thread.join()
    assert seen == [1]
    assert list(batch()) == [1]


def test_a_oneway_method_gives_none_and_runs(proxy: Any, shelf: Shelf) -> None:
    assert proxy.note("later") is None
    assert shelf.told.wait(5)
    assert shelf.noted == ["later"]


def test_a_method_can_be_made_oneway_by_its_caller(proxy: Any) -> None:
    proxy._pyroBind()
    proxy._pyroOneway.add("add")
    assert proxy.add(1) is None


def test_a_blob_is_read_when_asked_for(proxy: Any) -> None:
    value = {"list": [1, 2]}
    answer = proxy.blob(Pyro5.api.SerializedBlob("a list", value))
    assert answer == ("SerializedBlob", "a list", value)
    with pytest.raises(errors.SerializeError, match="must be the only argument"):
        proxy.forward("x", Pyro5.api.SerializedBlob("a", 1))
    assert proxy.add(1) == 1


def test_a_daemon_that_never_answers_is_a_timeout() -> None:
    with socket.create_server(("localhost", 0)) as silent:
        proxy = Pyro5.api.Proxy(f"PYRO:x@localhost:{silent.getsockname()[1]}")
        proxy._pyroTimeout = 0.05
        with pytest.raises(errors.TimeoutError, match=r"^receiving: timeout$"):
            proxy._pyroBind()
        assert proxy._pyroConnection is None


def test_a_method_that_takes_too_long_is_a_timeout_and_repeated_if_wished(
    serve: Callable[..., Any],
) -> None:
    done = threading.Event()

    @Pyro5.api.expose
    class Slow:
        calls = 0

        def wait(self) -> None:
            Slow.calls += 1
            done.wait(5)

    with Pyro5.api.Proxy(serve(Slow())) as proxy:
        proxy._pyroBind()
        proxy._pyroTimeout = 0.05
        proxy._pyroMaxRetries = 2
        with pytest.raises(errors.TimeoutError, match=r"^receiving: timeout$"):
            proxy.wait()
        assert proxy._pyroConnection is None
        done.set()
    assert Slow.calls == 3


def test_nobody_there_is_a_communication_error_with_the_reason() -> None:
    with socket.create_server(("localhost", 0)) as server:
        port = server.getsockname()[1]
    proxy = Pyro5.api.Proxy(f"PYRO:x@localhost:{port}")
    with pytest.raises(errors.CommunicationError, match="cannot connect to") as caught:
        proxy._pyroBind()
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)
    with pytest.raises(errors.CommunicationError):
        hasattr(proxy, "anything")
    start = time.monotonic()
    with pytest.raises(errors.ConnectionClosedError, match=r"^failed to reconnect$"):
        proxy._pyroReconnect(tries=1)
    assert time.monotonic() - start < 1.5  # no pause after the last attempt


def test_unknown_objects_and_objects_without_members_are_refused(
    serve: Callable[..., Any],
) -> None:
    class Closed:
        pass

    uri = serve(Closed(), "closed")
    with pytest.raises(errors.PyroError, match="doesn't expose any methods or attributes"):
        Pyro5.api.Proxy(uri)._pyroBind()
    with pytest.raises(errors.CommunicationError, match="rejected: unknown object"):
        Pyro5.api.Proxy(f"PYRO:other@{uri.location}")._pyroBind()


def test_a_daemon_that_is_not_approved_stays_unused(serve: Callable[..., Any]) -> None:
    class Careful(Pyro5.api.Proxy):
        def _pyroValidateHandshake(self, response: Any) -> None:
            raise ValueError(f"not {response}")

    proxy = Careful(serve(Shelf()))
    for _ in range(2):
        with pytest.raises(ValueError, match="not hello"):
            proxy.add(1)
        assert proxy._pyroConnection is None


def test_calls_can_be_intercepted(serve: Callable[..., Any]) -> None:
    class Noting(Pyro5.api.Proxy):
        names: list[str] = []  # noqa: RUF012

        def _pyroInvoke(self, methodname: str, *args: Any, **kwargs: Any) -> Any:
            self.names.append(methodname)
            return super()._pyroInvoke(methodname, *args, **kwargs)

    with Noting(serve(Shelf())) as proxy:
        assert proxy.add(1) == 1
        assert proxy.label == "new"
    assert Noting.names == ["add", "__getattr__"]


def test_a_pair_of_connected_sockets_joins_proxy_and_daemon(
    running: Callable[[Any], Any],
) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        daemon = Pyro5.api.Daemon(connected_socket=theirs)
        daemon.register(Shelf(), "shelf")
        running(daemon)
        proxy = Pyro5.api.Proxy("shelf", connected_socket=ours)
        assert proxy._pyroAttrs == {"label"}
        assert proxy.add(1, 2) == 3
        proxy._pyroRelease()
        with pytest.raises(errors.CommunicationError):
            proxy.add(1)


def test_metadata_can_be_asked_for_again(proxy: Any) -> None:
    proxy._pyroBind()
    proxy._pyroAttrs = None
    proxy._pyroGetMetadata()
    assert proxy._pyroAttrs == {"label"}


def test_all_names_but_those_with_an_underscore_are_the_object_s() -> None:
    for cls in (Pyro5.client.Proxy, Pyro5.client.BatchProxy, Pyro5.client._RemoteMethod):
        assert [name for name in dir(cls) if not name.startswith("_")] == []


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # there are threads
@pytest.mark.parametrize("drops", [False, True])
def test_a_forked_child_connects_by_itself(proxy: Any, drops: bool) -> None:
    items = iter(proxy.items(3))
    assert next(items) == 0
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # no test code must go on here
        try:
            if drops:
                del items  # without a word to the server: they are the parent's
            seen = f"{proxy.add(1, 2)} {proxy._pyroConnection.process == os.getpid()}"
            proxy._pyroRelease()
            os.write(writer, seen.encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    assert os.read(reader, 99) == b"3 True"
    os.close(reader)
    kept = proxy._pyroConnection
    assert [proxy.add(2, 2), *items] == [4, 1, 2]
    assert proxy._pyroConnection is kept


def test_members_of_any_name_are_the_object_s(running: Any) -> None:
    names = ("blob_flag", "generation", "log", "method_class", "stream_class", "uri")
    methods = {name: (lambda self, given=name: given) for name in names}
    cls: Any = type("Named", (), methods)
    daemon = running(Pyro5.api.Daemon())
    with Pyro5.api.Proxy(daemon.register(Pyro5.api.expose(cls))) as proxy:
        assert [getattr(proxy, name)() for name in names] == list(names)
        batch = Pyro5.client.BatchProxy(proxy)
        for name in names:
            getattr(batch, name)()
        assert list(batch()) == list(names)
