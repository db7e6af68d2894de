"""Proxies that are not connected: attributes, text, copies, owners."""

import contextlib
import copy
import operator
import pickle
import socket
import threading

import pytest

import Pyro5.client
from Pyro5 import config, errors, serializers
from Pyro5.api import URI, BatchProxy, Proxy, SerializedBlob, current_context

TEXT = "PYRO:object@localhost:9999"


def closed_port():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("uri", [TEXT, URI(TEXT), "PYRONAME:x", "PYROMETA:a,b"])
def test_made_of_a_uri(uri):
    proxy = Proxy(uri)
    assert isinstance(proxy._pyroUri, URI)
    assert proxy._pyroUri == URI(uri)


@pytest.mark.parametrize("uri", [None, 999, 1.5, [], {}])
def test_not_made_of_other_things(uri):
    with pytest.raises(TypeError):
        Proxy(uri)


def test_not_made_of_bad_text():
    with pytest.raises(errors.PyroError):
        Proxy("bogus")


def test_attributes_at_first():
    proxy = Proxy(TEXT)
    assert proxy._pyroConnection is None
    assert (proxy._pyroMethods, proxy._pyroAttrs, proxy._pyroOneway) == (
        set(),
        set(),
        set(),
    )
    assert proxy._pyroTimeout == 0.0
    assert proxy._pyroMaxRetries == 0
    assert proxy._pyroSerializer is None
    assert proxy._pyroHandshake == "hello"
    assert proxy._pyroRawWireResponse is False
    assert proxy._pyroSeq == 0


def test_settings_at_creation():
    config.COMMTIMEOUT = 12.5
    config.MAX_RETRIES = 3
    proxy = Proxy(TEXT)
    config.COMMTIMEOUT = 1.0
    config.MAX_RETRIES = 1
    assert (proxy._pyroTimeout, proxy._pyroMaxRetries) == (12.5, 3)


def test_an_unknown_serializer_is_noticed_at_creation():
    config.SERIALIZER = "~invalid~"
    with pytest.raises(ValueError, match="unknown"):
        Proxy(TEXT)


def test_creation_clears_what_the_last_call_gave():
    current_context.annotations = {"NOTE": b"x"}
    current_context.response_annotations = {"NOTE": b"x"}
    Proxy(TEXT)
    assert current_context.response_annotations == {}
    assert current_context.annotations == {"NOTE": b"x"}


def test_metadata_is_not_shared():
    one, two = Proxy(TEXT), Proxy(TEXT)
    one._pyroMethods.add("a")
    one._pyroAttrs.add("b")
    one._pyroOneway.add("c")
    assert (two._pyroMethods, two._pyroAttrs, two._pyroOneway) == (set(), set(), set())


def test_dir():
    proxy = Proxy(TEXT)
    names = dir(proxy)
    assert "__hash__" in names
    assert "ping" not in names
    proxy._pyroMethods = {"ping"}
    proxy._pyroAttrs = {"value"}
    assert {"ping", "value"} <= set(dir(proxy))


def test_repr():
    proxy = Proxy(TEXT)
    owner = threading.get_ident()
    address = f"0x{id(proxy):x}"
    text = f"<Pyro5.client.Proxy at {address}; not connected; for {TEXT}; owner {owner}>"
    assert repr(proxy) == text
    assert str(proxy) == text


def test_equality_and_hash():
    one, two, three = Proxy(TEXT), Proxy(TEXT), Proxy("PYRO:object@localhost:1")
    assert one == two
    assert not one != two  # noqa: SIM202
    assert one != three
    assert hash(one) == hash(two)
    assert one != TEXT
    assert one != URI(TEXT)
    assert one != None  # noqa: E711
    assert not one == 42  # noqa: SIM201
    assert one in {two}
    two._pyroUri.port = 1
    assert two == three


def test_always_true():
    assert bool(Proxy(TEXT)) is True


@pytest.mark.parametrize(
    "name",
    [
        "_pyroAnnotations",
        "_pyroAsync",
        "_pyroBatch",
        "_pyroHmacKey",
        "_pyroResponseAnnotations",
    ],
)
def test_old_names_are_gone(name):
    assert name not in dir(Proxy(TEXT))


def test_any_access_connects():
    proxy = Proxy(f"PYRO:object@localhost:{closed_port()}")
    for access in (
        lambda: proxy.anything,
        lambda: proxy.anything(),
        lambda: hasattr(proxy, "anything"),
        lambda: setattr(proxy, "anything", 1),
        lambda: proxy._pyroBind(),
        lambda: len(proxy),
    ):
        with pytest.raises(errors.CommunicationError):
            access()


def test_connecting_to_nobody():
    port = closed_port()
    with pytest.raises(errors.CommunicationError, match="cannot connect to ") as info:
        Proxy(f"PYRO:object@localhost:{port}")._pyroBind()
    assert str(port) in str(info.value)
    assert isinstance(info.value.__cause__, OSError)


def test_deleting_stays_here():
    with pytest.raises(AttributeError):
        del Proxy(TEXT).anything


@pytest.mark.parametrize("tries", [0, 1])
def test_reconnecting_fails(tries):
    proxy = Proxy(f"PYRO:object@localhost:{closed_port()}")
    with pytest.raises(errors.ConnectionClosedError, match="failed to reconnect"):
        proxy._pyroReconnect(tries)


class Special(Proxy):
    """A kind of proxy."""


def full(kind=Proxy):
    proxy = kind(TEXT)
    proxy._pyroTimeout = 42
    proxy._pyroMaxRetries = 78
    proxy._pyroHandshake = "apples"
    proxy._pyroSerializer = "json"
    proxy._pyroRawWireResponse = True
    proxy._pyroSeq = 5
    proxy._pyroMethods = {"m"}
    proxy._pyroAttrs = {"a"}
    proxy._pyroOneway = {"o"}
    return proxy


@pytest.mark.parametrize("kind", [Proxy, Special])
def test_a_copy(kind):
    proxy = full(kind)
    copied = copy.copy(proxy)
    assert type(copied) is kind
    assert copied == proxy
    assert copied._pyroUri is not proxy._pyroUri
    assert copied._pyroTimeout == 42
    assert copied._pyroMaxRetries == 78
    assert copied._pyroHandshake == "apples"
    assert copied._pyroSerializer == "json"
    assert copied._pyroRawWireResponse is True
    assert copied._pyroSeq == 0
    assert copied._pyroConnection is None
    assert (copied._pyroMethods, copied._pyroAttrs, copied._pyroOneway) == (
        {"m"},
        {"a"},
        {"o"},
    )


@pytest.mark.parametrize("way", [copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
@pytest.mark.parametrize("kind", [Proxy, Special])
def test_copies_by_state(kind, way):
    copied = way(full(kind))
    assert type(copied) is kind
    assert copied._pyroUri == URI(TEXT)
    assert copied._pyroHandshake == "apples"
    assert copied._pyroSerializer == "json"
    assert copied._pyroMethods == {"m"}
    assert copied._pyroMaxRetries == config.MAX_RETRIES
    assert copied._pyroTimeout == config.COMMTIMEOUT
    assert copied._pyroSeq == 0
    assert copied._pyroRawWireResponse is False


def test_the_state():
    state = full().__getstate__()
    assert len(state) == 6
    assert state == (TEXT, ("o",), ("m",), ("a",), "apples", "json")
    other = Proxy("PYRO:x@y:1")
    other.__setstate__(state)
    assert other == full()
    assert other._pyroOneway == {"o"}


@pytest.mark.parametrize("name", ["serpent", "json", "marshal", "msgpack"])
def test_a_transported_one(name):
    config.MAX_RETRIES = 5
    codec = serializers.serializers[name]
    result = codec.loads(codec.dumps(full()))
    assert result == full()
    assert result._pyroMaxRetries == 5
    assert len(result.__getstate__()) == 6
    config.MAX_RETRIES = 0
    other = codec.loads(codec.dumps(result))
    assert other._pyroMaxRetries == 0


class Closable:
    def __init__(self):
        self.closed = 0
        self.timeout = None

    def close(self):
        self.closed += 1


def test_releasing_what_has_only_close():
    proxy = Proxy(TEXT)
    connection = Closable()
    proxy._pyroConnection = connection
    proxy._pyroRelease()
    assert connection.closed == 1
    assert proxy._pyroConnection is None
    proxy._pyroRelease()
    assert connection.closed == 1


def test_the_end_of_a_block_releases():
    connection = Closable()
    with Proxy(TEXT) as proxy:
        proxy._pyroConnection = connection
    assert connection.closed == 1


def test_timeouts_go_to_the_connection():
    proxy = Proxy(TEXT)
    assert proxy._pyroTimeout == 0.0
    connection = Closable()
    proxy._pyroTimeout = 5
    proxy._pyroConnection = connection
    proxy._pyroTimeout = 10
    assert connection.timeout == 10
    proxy._pyroTimeout = None
    assert proxy._pyroTimeout is None
    assert connection.timeout is None


def in_thread(function):
    results = []

    def run():
        try:
            results.append(function())
        except Exception as error:
            results.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return results[0]


@pytest.mark.parametrize(
    "use",
    [
        lambda p: p._pyroBind(),
        lambda p: p._pyroRelease(),
        lambda p: p._pyroReconnect(1),
        lambda p: p._pyroInvoke("x", (), {}),
        lambda p: p.anything,
        operator.length_hint,
    ],
    ids=["bind", "release", "reconnect", "invoke", "attribute", "len"],
)
def test_the_owner(use):
    proxy = Proxy(TEXT)
    error = in_thread(lambda: use(proxy))
    assert type(error) is errors.PyroError
    assert str(error) == (
        "the calling thread is not the owner of this proxy, "
        "create a new proxy in this thread or transfer ownership."
    )


def test_a_new_owner():
    proxy = Proxy(TEXT)
    in_thread(proxy._pyroClaimOwnership)
    with pytest.raises(errors.PyroError, match="not the owner"):
        proxy._pyroRelease()
    proxy._pyroClaimOwnership()
    proxy._pyroRelease()


def test_what_does_not_ask_for_the_owner():
    proxy = Proxy(TEXT)
    assert isinstance(in_thread(lambda: copy.copy(proxy)), Proxy)
    assert "not connected" in in_thread(lambda: repr(proxy))
    assert in_thread(lambda: setattr(proxy, "_pyroTimeout", 5)) is None
    assert proxy._pyroTimeout == 5


def test_a_copy_belongs_to_who_copied():
    proxy = Proxy(TEXT)
    copied = in_thread(lambda: copy.copy(proxy))
    with pytest.raises(errors.PyroError, match="not the owner"):
        copied._pyroRelease()


class Invoker:
    """Stands in for a proxy under a batch."""

    def __init__(self, results=()):
        self.results = results
        self.calls = []
        self.claimed = 0

    def _pyroClaimOwnership(self):
        self.claimed += 1

    def _pyroInvokeBatch(self, calls, oneway=False):
        self.calls.append((list(calls), oneway))
        return self.results


def test_batches_need_little_of_a_proxy():
    invoker = Invoker([1, 2])
    batch = BatchProxy(invoker)
    assert batch.one(1, a=2) is None
    assert batch.two() is None
    results = batch()
    assert next(results) == 1
    assert list(results) == [2]
    assert invoker.claimed == 1
    assert invoker.calls == [([("one", (1,), {"a": 2}), ("two", (), {})], False)]


def test_an_empty_batch():
    batch = BatchProxy(Invoker([]))
    assert list(batch()) == []


def test_a_oneway_batch_gives_nothing():
    invoker = Invoker(None)
    batch = BatchProxy(invoker)
    batch.one()
    assert batch(oneway=True) is None
    assert invoker.calls == [([("one", (), {})], True)]


def test_batches_raise_what_was_wrapped():
    from Pyro5.core import _ExceptionWrapper

    batch = BatchProxy(Invoker([1, _ExceptionWrapper(ValueError("x")), 3]))
    batch.one()
    results = batch()
    assert next(results) == 1
    with pytest.raises(ValueError, match=r"^x$"):
        next(results)
    with pytest.raises(StopIteration):
        next(results)


def test_other_arguments_of_batches():
    with pytest.raises(TypeError):
        BatchProxy(Invoker())(asynchronous=True)


def test_a_copied_batch_has_the_queue():
    invoker = Invoker([1])
    batch = BatchProxy(invoker)
    batch.one()
    copied = copy.copy(batch)
    assert list(copied()) == [1]
    assert invoker.calls[0][0] == [("one", (), {})]


def test_a_batch_as_a_block_does_not_execute():
    invoker = Invoker([])
    with BatchProxy(invoker) as batch:
        batch.one()
    assert invoker.calls == []


def test_executing_a_batch_by_the_other_name():
    invoker = Invoker([7])
    batch = BatchProxy(invoker)
    batch.one()
    assert list(batch._pyroInvoke("ignored", [], {})) == [7]


def test_a_method_object_retries():
    calls = []

    def send(name, args, kwargs):
        calls.append((name, args, kwargs))
        if len(calls) < 3:
            raise errors.ConnectionClosedError("gone")
        return "fine"

    method = Pyro5.client._RemoteMethod(send, "work", 2)
    assert method(1, a=2) == "fine"
    assert calls == [("work", (1,), {"a": 2})] * 3


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (errors.ConnectionClosedError, 3),
        (errors.TimeoutError, 3),
        (errors.CommunicationError, 1),
        (ValueError, 1),
    ],
)
def test_how_often_a_method_object_tries(error, attempts):
    calls = []

    def send(*arguments):
        calls.append(arguments)
        raise error("x")

    with pytest.raises(error):
        Pyro5.client._RemoteMethod(send, "work", 2)()
    assert len(calls) == attempts


def test_dotted_names():
    names = []
    method = Pyro5.client._RemoteMethod(lambda name, *_: names.append(name), "a", 0)
    method.b.c()
    assert names == ["a.b.c"]


def test_a_blob():
    blob = SerializedBlob("info", [1, 2])
    assert blob.info == "info"
    assert blob.deserialized() == [1, 2]


def test_a_raw_blob_needs_a_message():
    with pytest.raises(TypeError):
        SerializedBlob("info", [1, 2], is_blob=True)


def test_known_metadata_needs_no_call():
    proxy = Proxy(TEXT)
    proxy._pyroGetMetadata(
        known_metadata={"methods": ["m"], "oneway": ["o"], "attrs": ["a"]}
    )
    assert (proxy._pyroMethods, proxy._pyroOneway, proxy._pyroAttrs) == (
        {"m"},
        {"o"},
        {"a"},
    )
    assert proxy._pyroConnection is None


def test_known_metadata_with_nothing_in_it():
    proxy = Proxy(TEXT)
    with pytest.raises(errors.PyroError, match="doesn't expose any methods or attributes"):
        proxy._pyroGetMetadata(known_metadata={"methods": [], "oneway": [], "attrs": []})


@pytest.mark.fixed("34")
def test_no_local_socket_yet():
    assert Proxy(TEXT)._pyroLocalSocket is None


@pytest.mark.slow
def test_a_daemon_that_never_answers():
    with contextlib.closing(socket.socket()) as silent:
        silent.bind(("localhost", 0))
        silent.listen()
        proxy = Proxy(f"PYRO:object@localhost:{silent.getsockname()[1]}")
        proxy._pyroTimeout = 0.1
        with pytest.raises(errors.TimeoutError) as info:
            proxy._pyroBind()
        assert str(info.value) == "receiving: timeout"
