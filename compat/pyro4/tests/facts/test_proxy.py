"""Proxies that are not connected: attributes, text, copies, batches."""

import contextlib
import copy
import pickle
import socket
import threading

import pytest

import Pyro4.core
from Pyro4 import URI, Proxy, config, errors, util
from Pyro4.core import SerializedBlob, current_context
from Pyro4.futures import _ExceptionWrapper

Adapter = Pyro4.core._BatchProxyAdapter
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
    assert proxy._pyroHmacKey is None
    assert proxy._pyroAnnotations() == {}
    assert proxy._pyroResponseAnnotations({}, 5) is None
    assert proxy._pyroValidateHandshake("x") is None


def test_settings_at_creation():
    config.COMMTIMEOUT = 12.5
    config.MAX_RETRIES = 3
    proxy = Proxy(TEXT)
    config.COMMTIMEOUT = 1.0
    config.MAX_RETRIES = 1
    assert (proxy._pyroTimeout, proxy._pyroMaxRetries) == (12.5, 3)


def test_an_unknown_serializer_is_noticed_at_creation():
    config.SERIALIZER = "~invalid~"
    with pytest.raises(errors.SerializeError, match=r"~invalid~.* is unknown"):
        Proxy(TEXT)


def test_creation_clears_the_context():
    current_context.annotations = {"NOTE": b"x"}
    current_context.response_annotations = {"NOTE": b"x"}
    Proxy(TEXT)
    assert current_context.annotations == {}
    assert current_context.response_annotations == {}


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
    address = f"0x{id(proxy):x}"
    text = f"<Pyro4.core.Proxy at {address}; not connected; for {TEXT}>"
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


def test_any_access_connects():
    proxy = Proxy(f"PYRO:object@localhost:{closed_port()}")
    for access in (
        lambda: proxy.anything,
        lambda: proxy.anything(),
        lambda: hasattr(proxy, "anything"),
        lambda: setattr(proxy, "anything", 1),
        lambda: proxy._pyroBind(),
        lambda: proxy.__len__(),
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
    proxy._pyroHmacKey = b"key"
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
    assert copied._pyroHmacKey == b"key"
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
    assert state == (URI(TEXT), {"o"}, {"m"}, {"a"}, 42, b"key", "apples", 78, "json")
    other = Proxy("PYRO:x@y:1")
    other.__setstate__(state)
    assert other == full()
    assert other._pyroOneway == {"o"}


@pytest.mark.parametrize(
    "name", ["serpent", "json", "marshal", "msgpack", "pickle", "dill", "cloudpickle"]
)
def test_a_transported_one(name):
    config.MAX_RETRIES = 5
    codec = util.get_serializer(name)
    result = codec.deserializeData(codec.serializeData(full())[0])
    assert result == full()
    assert result._pyroMaxRetries == 5
    assert result.__getstate__()[5:] == (b"key", "apples", 5, "json")
    config.MAX_RETRIES = 0
    other = codec.deserializeData(codec.serializeData(result)[0])
    assert other._pyroMaxRetries == 0


class Closable:
    keep_open = False

    def __init__(self):
        self.closed = 0
        self.timeout = None

    def close(self):
        self.closed += 1


def test_releasing_what_has_little():
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


def test_other_threads_may_use_it():
    proxy = Proxy(f"PYRO:object@localhost:{closed_port()}")
    assert isinstance(in_thread(lambda: copy.copy(proxy)), Proxy)
    assert "not connected" in in_thread(lambda: repr(proxy))
    assert in_thread(proxy._pyroRelease) is None
    assert isinstance(in_thread(proxy._pyroBind), errors.CommunicationError)
    assert in_thread(lambda: setattr(proxy, "_pyroTimeout", 5)) is None
    assert proxy._pyroTimeout == 5
    proxy._pyroRelease()


class Invoker:
    """Stands in for a proxy under a batch."""

    _pyroMaxRetries = 0

    def __init__(self, results=()):
        self.results = results
        self.calls = []

    def _pyroInvokeBatch(self, calls, oneway=False):
        self.calls.append((list(calls), oneway))
        return self.results


def test_batches_need_little_of_a_proxy():
    invoker = Invoker([1, 2])
    batch = Adapter(invoker)
    assert batch.one(1, a=2) is None
    assert batch.two() is None
    results = batch()
    assert next(results) == 1
    assert list(results) == [2]
    assert invoker.calls == [([("one", (1,), {"a": 2}), ("two", (), {})], False)]


def test_an_empty_batch():
    batch = Adapter(Invoker([]))
    assert list(batch()) == []


def test_a_oneway_batch_gives_nothing():
    invoker = Invoker(None)
    batch = Adapter(invoker)
    batch.one()
    assert batch(oneway=True) is None
    assert invoker.calls == [([("one", (), {})], True)]


def test_batches_raise_what_was_wrapped():
    batch = Adapter(Invoker([1, _ExceptionWrapper(ValueError("x")), 3]))
    batch.one()
    results = batch()
    assert next(results) == 1
    with pytest.raises(ValueError, match=r"^x$"):
        next(results)
    with pytest.raises(StopIteration):
        next(results)


def test_a_batch_is_oneway_or_asynchronous():
    with pytest.raises(errors.PyroError, match="async oneway calls make no sense"):
        Adapter(Invoker())(oneway=True, asynchronous=True)


def test_an_asynchronous_batch():
    future = Adapter(Invoker([1, 2]))(asynchronous=True)
    assert isinstance(future, Pyro4.futures.FutureResult)
    assert future.wait(5)
    assert list(future.value) == [1, 2]


@pytest.mark.parametrize("make", [Pyro4.batch, lambda proxy: proxy._pyroBatch()])
def test_the_batch_of_a_proxy(make):
    class Special(Proxy):
        def _pyroInvokeBatch(self, calls, oneway=False):
            return [name.upper() for name, _, _ in calls]

    batch = make(Special(TEXT))
    batch.one()
    batch.two(1, 2)
    assert type(batch) is Adapter
    assert list(batch()) == ["ONE", "TWO"]
    assert list(batch()) == []


def test_batches_are_of_proxies():
    with pytest.raises(AttributeError):
        Pyro4.batch(object())


def test_a_copied_batch_has_the_queue():
    invoker = Invoker([1])
    batch = Adapter(invoker)
    batch.one()
    copied = copy.copy(batch)
    assert list(copied()) == [1]
    assert invoker.calls[0][0] == [("one", (), {})]


def test_a_batch_as_a_block_does_not_execute():
    invoker = Invoker([])
    with Adapter(invoker) as batch:
        batch.one()
    assert invoker.calls == []


def test_executing_a_batch_by_the_other_name():
    invoker = Invoker([7])
    batch = Adapter(invoker)
    batch.one()
    assert list(batch._pyroInvoke("ignored", [], {})) == [7]


def test_a_method_object_retries():
    calls = []

    def send(name, args, kwargs):
        calls.append((name, args, kwargs))
        if len(calls) < 3:
            raise errors.ConnectionClosedError("gone")
        return "fine"

    method = Pyro4.core._RemoteMethod(send, "work", 2)
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
        Pyro4.core._RemoteMethod(send, "work", 2)()
    assert len(calls) == attempts


def test_dotted_names():
    names = []
    method = Pyro4.core._RemoteMethod(lambda name, *_: names.append(name), "a", 0)
    method.b.c()
    assert names == ["a.b.c"]


def test_a_blob():
    blob = SerializedBlob("info", [1, 2])
    assert blob.info == "info"
    assert blob.deserialized() == [1, 2]


def test_a_raw_blob_needs_a_message():
    with pytest.raises((AttributeError, TypeError)):
        SerializedBlob("info", [1, 2], is_blob=True).deserialized()


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


def test_keys():
    proxy = Proxy(TEXT)
    proxy._pyroHmacKey = "key\u20ac"
    assert proxy._pyroHmacKey == "key\u20ac".encode()
    proxy._pyroHmacKey = b"bytes"
    assert proxy._pyroHmacKey == b"bytes"
    proxy._pyroHmacKey = None
    assert proxy._pyroHmacKey is None


@pytest.mark.parametrize("name", ["x", "_x", "__x__", "_pyroFoo"])
def test_other_attributes_are_not_set_here(name):
    proxy = Proxy(TEXT)
    proxy._pyroMethods = {"m"}
    text = f"remote object '{TEXT}' has no exposed attribute '{name}'"
    with pytest.raises(AttributeError) as info:
        setattr(proxy, name, 1)
    assert str(info.value) == text
    assert not hasattr(proxy, name)


def test_methods_that_are_known_need_no_connection():
    proxy = Proxy(TEXT)
    proxy._pyroMethods = {"m"}
    assert isinstance(proxy.m, Pyro4.core._RemoteMethod)
    text = f"remote object '{TEXT}' has no exposed attribute or method 'other'"
    with pytest.raises(AttributeError) as info:
        proxy.other  # noqa: B018
    assert str(info.value) == text


@pytest.mark.parametrize(
    "use",
    [len, iter, lambda proxy: proxy[0], lambda proxy: proxy + 1, lambda proxy: 1 in proxy],
    ids=["len", "iter", "index", "add", "in"],
)
def test_no_operators(use):
    proxy = Proxy(TEXT)
    proxy._pyroMethods = {"__len__", "__iter__", "__getitem__", "__contains__", "__add__"}
    with pytest.raises(TypeError):
        use(proxy)
    assert bool(proxy) is True
    assert isinstance(proxy.__len__, Pyro4.core._RemoteMethod)


def test_proxies_are_keys():
    viewers = {Proxy(TEXT): 1}
    viewers[Proxy(TEXT)] = 2
    assert list(viewers.values()) == [2]
    assert {Proxy(TEXT), Proxy(TEXT), Proxy("PYRO:o@h:1")} == {
        Proxy("PYRO:o@h:1"),
        Proxy(TEXT),
    }
    assert hash(Proxy(TEXT)) == hash(URI(TEXT))
    assert hash(Proxy("PYROMETA:a,b")) == hash(Proxy("PYROMETA:b,a"))


def test_asynchronous_at_once_and_not_any_more():
    proxy = Proxy(TEXT)
    assert proxy._pyroAsync() in {None, proxy}  # itself is what versions before 4.60 gave
    proxy._pyroMethods = {"m"}
    assert isinstance(proxy.m, Pyro4.core._AsyncRemoteMethod)
    assert isinstance(copy.copy(proxy).m, Pyro4.core._AsyncRemoteMethod)
    assert isinstance(pickle.loads(pickle.dumps(proxy)).m, Pyro4.core._RemoteMethod)
    Pyro4.asyncproxy(proxy, False)
    assert isinstance(proxy.m, Pyro4.core._RemoteMethod)
    Pyro4.asyncproxy(proxy, asynchronous=True)
    assert isinstance(proxy.m, Pyro4.core._AsyncRemoteMethod)
    proxy._pyroAsync(asynchronous=False)
    assert isinstance(proxy.m, Pyro4.core._RemoteMethod)


class Picky(Proxy):
    """Its constructor takes more than a copy gives."""

    def __init__(self, uri, more):
        super().__init__(uri)


def test_a_copy_calls_the_constructor():
    with pytest.raises(TypeError):
        copy.copy(Picky(TEXT, 1))
