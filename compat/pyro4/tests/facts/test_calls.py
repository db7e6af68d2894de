"""Calls over a connection: members, errors, batches, blobs, timeouts, threads."""

import contextlib
import copy
import gc
import logging
import sys
import threading
import time

import pytest

import Pyro4
from Pyro4 import config, errors, message, socketutil, util
from Pyro4.core import (
    Daemon,
    Proxy,
    SerializedBlob,
    callback,
    current_context,
    expose,
    oneway,
)

NAMES = ["serpent", "json", "marshal", "msgpack", "pickle", "dill", "cloudpickle"]


class Unsendable:
    """Nobody knows how to send or receive this."""

    def __init__(self):
        self.lock = threading.Lock()


class OwnError(Exception):
    """The other side doesn't know this one."""


@expose
class Thing:
    """What the tests call."""

    def __init__(self):
        self._value = 42
        self.items = {"a": 1}
        self.ran = threading.Event()
        self.count = 0
        self.released = threading.Event()
        self.started = threading.Event()

    def multiply(self, x, y):
        return x * y

    def echo(self, message):
        return message

    def keywords(self, *args, **kwargs):
        return [list(args), kwargs]

    def divide(self, x, y):
        self.count += 1
        return x // y

    def stop_iteration(self):
        raise StopIteration

    def fail(self):
        error = ValueError("wrong", 42)
        error.custom = {"extra": 1}
        raise error

    def fail_unknown(self):
        raise OwnError("unknown here")

    def returns_error(self):
        return ValueError("only a value")

    def returns_unsendable(self):
        return Unsendable()

    @callback
    def fail_callback(self):
        raise ValueError("in a callback")

    @oneway
    def work(self):
        self.runner = threading.current_thread().name
        self.ran.set()

    def who_ran(self):
        self.ran.wait(5)
        self.ran.clear()
        return self.runner

    def who(self):
        return threading.current_thread().name

    @oneway
    def wait(self):
        self.released.wait(5)

    @oneway
    def fail_oneway(self):
        raise ValueError("nobody hears this")

    def slow(self):
        self.count += 1
        self.started.set()
        self.released.wait(2)
        return "late"

    def closed(self):
        self.count += 1
        raise errors.ConnectionClosedError("not really")

    def counted(self):
        return self.count

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, value):
        self._value = value

    @property
    def readonly(self):
        return "fixed"

    @property
    def broken(self):
        raise ZeroDivisionError("in a property")

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return "abc"[index]

    def __setitem__(self, index, value):
        self.items[index] = value

    def __delitem__(self, index):
        del self.items[index]

    def __iter__(self):
        return iter(["x", "y", "z"])

    def __dunder__(self):
        return "dunder"

    def _private(self):
        return "never"


class Plain:
    """Nothing is exposed."""

    def method(self):
        return 1


@pytest.fixture
def thing(daemon):
    made = Thing()
    daemon.register(made)
    yield made
    made.released.set()
    daemon.unregister(made)


@pytest.fixture
def proxy(daemon, thing):
    with Proxy(daemon.uriFor(thing)) as proxy:
        proxy._pyroTimeout = 10
        yield proxy


def test_calls(proxy):
    assert proxy.multiply(7, 11) == 77
    assert proxy.keywords(1, 2, a=3) == [[1, 2], {"a": 3}]
    assert proxy.echo(message="x") == "x"
    assert proxy.__dunder__() == "dunder"


def test_binding(proxy):
    assert proxy._pyroConnection is None
    assert proxy._pyroBind()
    assert not proxy._pyroBind()
    assert proxy._pyroConnection.objectId == proxy._pyroUri.object
    assert "connected IPv" in repr(proxy)
    proxy._pyroRelease()
    proxy._pyroRelease()
    assert "not connected" in repr(proxy)
    assert proxy._pyroBind()


def test_releasing_keeps_metadata(proxy):
    proxy._pyroBind()
    proxy._pyroRelease()
    assert "multiply" in proxy._pyroMethods
    assert proxy.multiply(2, 3) == 6


def test_reconnecting(proxy):
    proxy._pyroBind()
    proxy._pyroReconnect(1)
    assert proxy.multiply(2, 3) == 6


def test_metadata(proxy):
    proxy._pyroBind()
    assert proxy._pyroOneway == {"work", "wait", "fail_oneway"}
    assert proxy._pyroAttrs == {"value", "readonly", "broken"}
    assert {"multiply", "__len__", "__dunder__", "work"} <= proxy._pyroMethods
    assert not {"_private", "value", "__init__", "items"} & proxy._pyroMethods
    assert isinstance(proxy.multiply, Pyro4.core._RemoteMethod)
    assert {"multiply", "value"} <= set(dir(proxy))


def test_metadata_set_by_hand_is_overwritten(proxy):
    proxy._pyroMethods = {"nothing"}
    proxy._pyroAttrs = {"nothing"}
    proxy._pyroOneway = {"multiply"}
    proxy._pyroBind()
    assert "nothing" not in proxy._pyroMethods | proxy._pyroAttrs
    assert "multiply" not in proxy._pyroOneway
    assert proxy.multiply(2, 3) == 6


def test_metadata_can_be_refilled(proxy):
    proxy._pyroBind()
    proxy._pyroAttrs = None
    proxy._pyroGetMetadata()
    assert proxy._pyroAttrs == {"value", "readonly", "broken"}


def test_oneway_can_be_added_after_connecting(proxy):
    proxy._pyroBind()
    proxy._pyroOneway.add("multiply")
    assert proxy.multiply(2, 3) is None
    proxy._pyroOneway.remove("multiply")
    assert proxy.multiply(2, 3) == 6


def test_an_unknown_oneway_is_not_callable(proxy):
    proxy._pyroBind()
    proxy._pyroOneway.add("nonexisting")
    with pytest.raises(AttributeError):
        proxy.nonexisting()


class Presetting(Proxy):
    def __init__(self, uri):
        super().__init__(uri)
        self._pyroOneway = {"multiply"}
        self._pyroTimeout = 9


def test_a_subclass_that_presets(proxy):
    with Presetting(proxy._pyroUri) as special:
        assert special.multiply(2, 3) == 6
        assert special._pyroTimeout == 9
        assert "multiply" not in special._pyroOneway


def test_properties(proxy, thing):
    assert proxy.value == 42
    proxy.value = 43
    assert thing._value == 43
    proxy.value += 1
    assert proxy.value == 44
    assert proxy.readonly == "fixed"
    with pytest.raises(AttributeError):
        proxy.readonly = 1
    with pytest.raises(ZeroDivisionError):
        proxy.broken  # noqa: B018


@pytest.mark.parametrize("name", ["nonexisting", "_private", "items", "__init_subclass__x"])
def test_what_is_not_there(proxy, name):
    with pytest.raises(AttributeError):
        getattr(proxy, name)


def test_texts_of_what_is_not_there(proxy):
    uri = proxy._pyroUri
    with pytest.raises(AttributeError) as info:
        proxy.nonexisting()
    text = f"remote object '{uri}' has no exposed attribute or method 'nonexisting'"
    assert str(info.value) == text
    with pytest.raises(AttributeError) as info:
        proxy.nonexisting = 1
    assert (
        str(info.value) == f"remote object '{uri}' has no exposed attribute 'nonexisting'"
    )
    assert not hasattr(proxy, "nonexisting")
    assert hasattr(proxy, "value")
    assert hasattr(proxy, "multiply")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nonexisting", "nonexisting"),
        ("_private", "private attribute '_private'"),
        ("__init__", "private attribute '__init__'"),
        ("multiply.real", None),
        ("items", None),
    ],
)
def test_the_server_decides(proxy, name, text):
    with pytest.raises(AttributeError) as info:
        proxy._pyroInvoke(name, (), {})
    assert text is None or text in str(info.value)


@pytest.mark.parametrize("name", ["_value", "items", "multiply", "nonexisting"])
def test_the_server_decides_about_attributes(proxy, name):
    with pytest.raises(AttributeError):
        proxy._pyroInvoke("__getattr__", (name,), {})
    with pytest.raises(AttributeError):
        proxy._pyroInvoke("__setattr__", (name, 1), {})


def test_operators_are_calls(proxy, thing):
    assert proxy.__len__() == 3
    assert proxy.__getitem__(1) == "b"
    with pytest.raises(IndexError):
        proxy.__getitem__(5)
    proxy.__setitem__("x", 9)
    assert thing.items["x"] == 9
    with pytest.raises(TypeError):
        len(proxy)
    with pytest.raises(TypeError):
        proxy[1]
    with pytest.raises(TypeError):
        iter(proxy)
    assert bool(proxy) is True


def test_errors(proxy):
    with pytest.raises(ValueError, match="wrong") as info:
        proxy.fail()
    assert info.value.args == ("wrong", 42)
    assert info.value.custom == {"extra": 1}
    lines = info.value._pyroTraceback
    assert isinstance(lines, list)
    assert lines[0].startswith("Traceback")
    assert "wrong" in lines[-1]
    assert "in fail" in "".join(lines)
    assert proxy.multiply(2, 3) == 6


def test_the_two_tracebacks(proxy):
    try:
        proxy.fail()
    except ValueError:
        lines = util.getPyroTraceback()
        also = util.getPyroTraceback(*sys.exc_info())
    text = "".join(lines)
    assert lines[0].startswith("Traceback")
    assert " +--- This exception occured remotely (Pyro) - Remote traceback:" in text
    assert "\n | Traceback (most recent call last):" in text
    assert text.endswith(" +--- End of remote traceback\n")
    assert "".join(also) == text


def test_wrong_arguments(proxy):
    with pytest.raises(TypeError, match=r"missing|argument"):
        proxy.multiply()


def test_stop_iteration_crosses(proxy):
    with pytest.raises(StopIteration):
        proxy.stop_iteration()


def test_a_returned_error_is_a_value(proxy):
    result = proxy.returns_error()
    assert type(result) is ValueError
    assert result.args == ("only a value",)


def test_unknown_errors(proxy):
    name = f"{OwnError.__module__}.OwnError"
    with pytest.raises(
        errors.SerializeError, match=f"unsupported serialized class: {name}"
    ):
        proxy.fail_unknown()


def test_results_that_cannot_be_sent(proxy):
    with pytest.raises((TypeError, errors.SerializeError)):
        proxy.returns_unsendable()
    assert proxy.multiply(2, 3) == 6


def test_arguments_that_cannot_be_sent(proxy):
    proxy._pyroBind()
    connection = proxy._pyroConnection
    with pytest.raises((TypeError, ValueError, errors.SerializeError)):
        proxy.echo(threading.Lock())
    assert proxy._pyroConnection is connection
    assert proxy.multiply(2, 3) == 6


def test_arguments_that_are_too_large(proxy):
    proxy._pyroBind()
    config.MAX_MESSAGE_SIZE = 2000
    with pytest.raises(errors.MessageTooLargeError, match="max message size exceeded"):
        proxy.echo("x" * 5000)
    config.MAX_MESSAGE_SIZE = 0
    assert proxy.echo("x" * 5000) == "x" * 5000


def test_compression_can_be_switched(proxy):
    for compression in (False, True, False):
        config.COMPRESSION = compression
        assert proxy.echo("x" * 5000) == "x" * 5000


@pytest.mark.parametrize("name", NAMES)
def test_serializers(proxy, name):
    config.SERIALIZER = name
    assert proxy.echo({"a": [1, 2.5, None, "\u20ac"]}) == {"a": [1, 2.5, None, "\u20ac"]}
    with pytest.raises(ValueError, match="wrong"):
        proxy.fail()


@pytest.mark.parametrize("name", NAMES[1:])
def test_the_serializer_of_one_proxy(proxy, name):
    proxy._pyroSerializer = name
    assert proxy.echo([1, "x"]) == [1, "x"]


def test_an_unknown_serializer_of_one_proxy(proxy):
    proxy._pyroBind()
    proxy._pyroSerializer = "nosuchserializer"
    with pytest.raises(errors.SerializeError, match="nosuchserializer"):
        proxy.multiply(2, 3)


def test_an_unknown_serializer_when_connecting(proxy):
    proxy._pyroSerializer = "nosuchserializer"
    with pytest.raises((KeyError, errors.CommunicationError), match="nosuchserializer"):
        proxy.multiply(2, 3)


def test_the_sequence(proxy):
    proxy.multiply(2, 3)
    number = proxy._pyroSeq
    proxy.multiply(2, 3)
    assert proxy._pyroSeq == number + 1
    proxy._pyroSeq = 5000
    assert proxy.multiply(2, 3) == 6
    assert proxy._pyroSeq == 5001
    proxy._pyroSeq = 65535
    assert proxy.multiply(2, 3) == 6
    assert proxy._pyroSeq == 0


def test_raw_answers(proxy):
    proxy._pyroBind()
    proxy._pyroRawWireResponse = True
    answer = proxy.multiply(2, 3)
    assert isinstance(answer, message.Message)
    assert answer.type == message.MSG_RESULT
    assert bytes(answer.data).endswith(b"6")
    failed = proxy.fail()
    assert failed.flags & message.FLAGS_EXCEPTION
    proxy._pyroRawWireResponse = False
    assert proxy.multiply(2, 3) == 6


def test_raw_answers_are_inflated(proxy):
    config.COMPRESSION = True
    proxy._pyroBind()
    proxy._pyroRawWireResponse = True
    answer = proxy.echo("x" * 1000)
    assert not answer.flags & message.FLAGS_COMPRESSED
    assert b"x" * 1000 in bytes(answer.data)


def test_answers_have_a_correlation_id_even_if_the_call_had_none(proxy):
    current_context.correlation_id = None
    proxy._pyroBind()
    proxy._pyroRawWireResponse = True
    first, second = proxy.multiply(2, 3), proxy.multiply(2, 3)
    assert len(first.annotations["CORR"]) == len(second.annotations["CORR"]) == 16
    assert first.annotations["CORR"] != second.annotations["CORR"]
    assert "CORR" not in proxy.fail().annotations


def test_oneway(proxy, thing):
    assert proxy.work() is None
    assert thing.ran.wait(5)
    assert proxy.multiply(2, 3) == 6


def test_oneway_that_fails(proxy, monkeypatch, eventually):
    seen = []
    monkeypatch.setattr(threading, "excepthook", seen.append)
    assert proxy.fail_oneway() is None
    assert proxy.multiply(2, 3) == 6
    eventually(lambda: seen)
    assert seen[0].exc_type is ValueError
    assert seen[0].thread.name == "oneway-call"
    assert seen[0].thread.daemon


def test_oneway_without_threads(proxy, thing):
    config.ONEWAY_THREADED = False
    assert proxy.work() is None
    assert proxy.fail_oneway() is None
    assert proxy.who_ran() == proxy.who()
    config.ONEWAY_THREADED = True
    assert proxy.work() is None
    assert thing.ran.wait(5)
    assert proxy.who_ran() == "oneway-call"


def test_oneway_does_not_wait(proxy):
    before = time.monotonic()
    assert proxy.wait() is None
    assert time.monotonic() - before < 2


def test_oneway_leaves_no_annotations(proxy):
    proxy._pyroBind()
    current_context.response_annotations = {"ABCD": b"old"}
    proxy.work()
    assert current_context.response_annotations == {}


def test_unknown_objects(daemon):
    uri = daemon.uriFor("nonexisting")
    with pytest.raises(errors.CommunicationError, match="unknown object") as info:
        Proxy(uri)._pyroBind()
    assert "rejected" in str(info.value)
    assert type(info.value) is errors.CommunicationError


@pytest.mark.filterwarnings("ignore:.*expose")
def test_nothing_exposed(daemon):
    config.REQUIRE_EXPOSE = True
    plain = Plain()
    uri = daemon.register(plain)
    with pytest.raises(errors.PyroError, match="doesn't expose any methods or attributes"):
        Proxy(uri)._pyroBind()
    daemon.unregister(plain)


@pytest.mark.slow
def test_timeouts(proxy):
    proxy._pyroBind()
    proxy._pyroTimeout = 0.2
    before = time.monotonic()
    with pytest.raises(errors.TimeoutError, match=r"^receiving: timeout$"):
        proxy.slow()
    assert time.monotonic() - before < 1.5
    assert proxy._pyroConnection is None


@pytest.mark.slow
def test_retries(proxy, thing):
    proxy._pyroBind()
    proxy._pyroTimeout = 0.1
    proxy._pyroMaxRetries = 2
    config.SERVERTYPE = "thread"
    with pytest.raises(errors.TimeoutError):
        proxy.slow()
    thing.released.set()


def test_retries_of_communication_errors(proxy, thing):
    """One that the method raised is no reason to call it again, or it is."""
    proxy._pyroMaxRetries = 3
    with pytest.raises(errors.ConnectionClosedError):
        proxy.closed()
    assert thing.count in {1, 4}


def test_callbacks_close_the_connection_there(proxy):
    with pytest.raises(ValueError, match="in a callback"):
        proxy.fail_callback()
    proxy._pyroRelease()
    assert proxy.multiply(2, 3) == 6


def test_batches(proxy):
    batch = Pyro4.batch(proxy)
    assert batch.multiply(7, 6) is None
    assert batch.divide(9, 2) is None
    assert batch.__dunder__() is None
    results = batch()
    assert [next(results), next(results)] == [42, 4]
    assert list(results) == ["dunder"]
    assert list(batch()) == []


def test_a_batch_ends_with_an_error(proxy):
    batch = Pyro4.batch(proxy)
    for divisor in (1, 2, 3, 0, 5):
        batch.divide(100, divisor)
    results = batch()
    assert [next(results), next(results), next(results)] == [100, 50, 33]
    with pytest.raises(ZeroDivisionError) as info:
        next(results)
    assert "ZeroDivision" in "".join(info.value._pyroTraceback)
    with pytest.raises(StopIteration):
        next(results)
    assert proxy.counted() == 4
    batch.divide(100, 5)
    assert list(batch()) == [20]
    assert list(batch()) == []


def test_oneway_batches(proxy):
    batch = Pyro4.batch(proxy)
    for _ in range(3):
        batch.divide(1, 1)
    assert batch(oneway=True) is None
    assert proxy.counted() == 3
    assert list(batch()) == []


def test_a_batch_with_an_unknown_method(proxy):
    batch = Pyro4.batch(proxy)
    batch.divide(1, 1)
    batch.nonexisting()
    with pytest.raises(AttributeError):
        list(batch())


@pytest.mark.parametrize("name", ["serpent", "json", "msgpack"])
def test_batches_with_other_serializers(proxy, name):
    proxy._pyroSerializer = name
    batch = Pyro4.batch(proxy)
    batch.multiply(2, 3)
    batch.divide(1, 0)
    results = batch()
    assert next(results) == 6
    with pytest.raises(ZeroDivisionError):
        next(results)


@pytest.mark.fixed("8: marshal client: batch crashes (kwargs None)")
def test_batches_with_marshal(proxy):
    proxy._pyroSerializer = "marshal"
    batch = Pyro4.batch(proxy)
    batch.multiply(2, 3)
    assert list(batch()) == [6]


@expose
class BlobUser:
    def single(self, blob):
        assert isinstance(blob, SerializedBlob)
        return [blob.info, blob.deserialized()]

    def more(self, blob, number):
        return number


@pytest.mark.parametrize("name", ["serpent", "msgpack"])
def test_blobs(daemon, name):
    with Proxy(daemon.register(BlobUser())) as proxy:
        proxy._pyroSerializer = name
        data = {"a": [1, 2]}
        assert proxy.single(SerializedBlob("the info", data)) == ["the info", data]
        with pytest.raises(errors.SerializeError) as info:
            proxy.more(SerializedBlob("the info", data), 1)
        text = "if SerializedBlob is used, it must be the only argument"
        assert str(info.value) == text
        with pytest.raises(ValueError):  # noqa: PT011
            proxy.single(SerializedBlob(object(), data))


def test_autoproxy(daemon):
    @expose
    class Maker:
        def make(self):
            made = Thing()
            self._pyroDaemon.register(made)
            self.made = made
            return made

        def many(self):
            return [self.make(), {"x": self.made}]

        def kind(self, other):
            return type(other).__name__

    maker = Maker()
    with Proxy(daemon.register(maker)) as proxy:
        made = proxy.make()
        assert isinstance(made, Proxy)
        assert made.multiply(2, 3) == 6
        one, other = proxy.many()
        assert isinstance(one, Proxy)
        assert isinstance(other["x"], Proxy)
        assert proxy.kind(maker.made) == "Proxy"
        for found in (made, one, other["x"]):
            found._pyroRelease()


def test_a_connected_proxy_in_another_thread(proxy):
    proxy._pyroBind()
    method, connection = proxy.multiply, proxy._pyroConnection
    results = []

    def run():
        results.append(proxy.multiply(1, 2))
        results.append(method(2, 2))
        results.append(proxy.value)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [2] * 3 + [4] * 3 + [42] * 3
    assert proxy._pyroConnection is connection


def test_calls_of_one_proxy_are_one_after_the_other(proxy, thing):
    proxy._pyroBind()
    thread = threading.Thread(target=proxy.slow)
    thread.start()
    thing.started.wait(5)
    order = []
    other = threading.Thread(target=lambda: order.append(proxy.counted()))
    other.start()
    assert order == []
    thing.released.set()
    thread.join()
    other.join()
    assert order == [1]


def test_a_copy_of_a_connected_one(proxy):
    proxy._pyroBind()
    with copy.copy(proxy) as copied:
        assert copied._pyroConnection is None
        assert copied._pyroMethods == proxy._pyroMethods
        assert copied._pyroMethods is not proxy._pyroMethods
        assert copied.multiply(2, 3) == 6


def test_pinging(proxy):
    proxy._pyroBind()
    message.Message.ping(proxy._pyroConnection)
    assert proxy.multiply(2, 3) == 6


class Refusing(Proxy):
    seen: list = []

    def _pyroValidateHandshake(self, response):
        self.seen.append(response)
        raise ValueError("not this one")


def test_a_client_may_refuse(proxy):
    with Refusing(proxy._pyroUri) as refusing:
        with pytest.raises(ValueError, match="not this one"):
            refusing._pyroBind()
        assert Refusing.seen[-1] == "hello"


@pytest.mark.fixed("1.2: a daemon that was refused is used at the next call")
def test_refused_stays_refused(proxy):
    with Refusing(proxy._pyroUri) as refusing:
        for _ in range(2):
            with pytest.raises(ValueError, match="not this one"):
                refusing.multiply(2, 3)


class Checking(Proxy):
    invoked = 0

    def _pyroInvoke(self, *args, **kwargs):
        type(self).invoked += 1
        return super()._pyroInvoke(*args, **kwargs)


def test_invoking_can_be_overridden(proxy):
    with Checking(proxy._pyroUri) as checking:
        before = Checking.invoked
        assert checking.multiply(2, 3) == 6
        assert checking.value == 42
        assert Checking.invoked == before + 2


def test_the_control_object(daemon):
    with Proxy(daemon.uriFor("Pyro.Daemon")) as control:
        assert control.ping() is None
        assert "Pyro.Daemon" in control.registered()
        assert control.info().startswith("Pyro.Daemon bound on ")
        assert " objects registered. Servertype: <SocketServer_" in control.info()
        with pytest.raises(errors.DaemonError, match="unknown object"):
            control.get_metadata("nonexisting")
        control._pyroBind()
        assert control._pyroMethods == {
            *("get_metadata", "get_next_stream_item", "close_stream"),
            *("info", "ping", "registered"),
        }
        assert control.close_stream("unknown") is None


def misses(proxy):
    with contextlib.suppress(AttributeError):
        proxy.nonexisting()


@pytest.mark.parametrize(
    "use", [Proxy._pyroBind, lambda proxy: proxy.multiply(2, 3), misses]
)
def test_a_proxy_that_is_dropped_is_closed_at_once(daemon, thing, use):
    gc.collect()
    gc.disable()
    try:
        proxy = Proxy(daemon.uriFor(thing))
        proxy._pyroBind()
        sock = proxy._pyroConnection.sock
        use(proxy)
        del proxy
        assert sock.fileno() == -1
    finally:
        gc.enable()


def test_messages_can_be_logged(proxy, caplog):
    with caplog.at_level(logging.DEBUG, "Pyro4"):
        config.LOGWIRE = True
        proxy.multiply(2, 3)
        config.LOGWIRE = False
        texts = [record.getMessage() for record in caplog.records]
        loggers = {r.name for r in caplog.records if "msgtype=4" in r.getMessage()}
        assert loggers == {"Pyro4.core"}
        assert any("msgtype=5 flags=" in text and "data=b" in text for text in texts)
        caplog.clear()
        proxy.multiply(2, 3)
        assert "msgtype" not in caplog.text


def test_junk_closes_only_that_connection(daemon, proxy, greeting, calling):
    proxy._pyroBind()
    sock = socketutil.createSocket(connect=("localhost", proxy._pyroUri.port))
    with Pyro4.socketutil.SocketConnection(sock) as other:
        other.timeout = 5
        other.send(greeting("Pyro.Daemon"))
        message.Message.recv(other, [message.MSG_CONNECTOK])
        data = calling("Pyro.Daemon", "ping")
        other.send(data)
        message.Message.recv(other, [message.MSG_RESULT])
        other.send(data[:4] + b"\0\1" + data[6:])
        with pytest.raises(errors.ConnectionClosedError):
            message.Message.recv(other)
    assert proxy.multiply(2, 3) == 6


def test_calling_what_is_gone(daemon):
    thing = Thing()
    with Proxy(daemon.register(thing)) as proxy:
        assert proxy.multiply(2, 3) == 6
        daemon.unregister(thing)
        with pytest.raises(errors.DaemonError, match="unknown object"):
            proxy.multiply(2, 3)


def test_proxies_of_the_daemon(daemon, thing):
    with daemon.proxyFor(thing) as proxy:
        assert type(proxy) is Proxy
        assert proxy._pyroConnection is None
        assert "multiply" in proxy._pyroMethods
        assert proxy.multiply(2, 3) == 6


def test_daemon_shared_is_a_daemon(daemon):
    assert isinstance(daemon, Daemon)
