"""Results that come item by item."""

import threading
import time

import pytest

from Pyro4 import config, errors
from Pyro4.core import Daemon, Proxy, _StreamResultIterator, expose


@expose
class Streaming:
    def generator(self):
        yield from ["one", "two", "three"]

    def numbers(self, count):
        return iter(range(count))

    def listed(self):
        return [1, 2, 3]

    def mapped(self):
        return map(str, [1, 2])

    def zipped(self):
        return zip([1, 2], [3, 4], strict=True)

    def keys(self):
        return iter({"a": 1}.keys())

    def failing(self):
        yield 1
        raise ZeroDivisionError("in the middle")

    def plain(self):
        return 42

    @property
    def attribute(self):
        return iter([7, 8])

    def empty(self):
        return iter([])


@pytest.fixture
def proxy(daemon):
    streaming = Streaming()
    with Proxy(daemon.register(streaming)) as proxy:
        proxy._pyroTimeout = 10
        yield proxy
    daemon.unregister(streaming)


@pytest.fixture
def own(server_type, start):
    config.POLLTIMEOUT = 0.05
    daemon = start(Daemon())
    daemon.register(Streaming(), "streaming")
    return daemon


def eventually(condition):
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("name", "items"),
    [
        ("generator", ["one", "two", "three"]),
        ("mapped", ["1", "2"]),
        ("zipped", [(1, 3), (2, 4)]),
        ("keys", ["a"]),
        ("empty", []),
    ],
)
def test_iterators(proxy, name, items):
    stream = getattr(proxy, name)()
    assert isinstance(stream, _StreamResultIterator)
    assert list(stream) == items
    for _ in range(2):
        with pytest.raises(StopIteration):
            next(stream)
    stream.close()
    stream.close()


def test_attributes_of_a_stream(proxy):
    stream = proxy.generator()
    assert stream.proxy is proxy
    assert isinstance(stream.streamId, str)
    assert isinstance(stream.pyroseq, int)
    assert iter(stream) is stream
    stream.close()


def test_lists_are_sent_whole(proxy):
    assert proxy.listed() == [1, 2, 3]
    assert type(proxy.listed()) is list


def test_properties_are_not_streamed(proxy):
    with pytest.raises((TypeError, ValueError, errors.PyroError)):
        proxy.attribute  # noqa: B018
    assert proxy.plain() == 42


def test_side_by_side(proxy):
    one, two = proxy.generator(), proxy.numbers(3)
    assert next(one) == "one"
    assert next(two) == 0
    assert proxy.plain() == 42
    assert list(one) == ["two", "three"]
    assert list(two) == [1, 2]


def test_an_error_in_the_middle(proxy):
    stream = proxy.failing()
    assert next(stream) == 1
    with pytest.raises(ZeroDivisionError, match="in the middle"):
        next(stream)
    with pytest.raises(errors.PyroError, match="item stream terminated"):
        next(stream)


def test_closing(own):
    with Proxy(own.uriFor("streaming")) as proxy:
        stream = proxy.generator()
        assert next(stream) == "one"
        assert list(own.streaming_responses) == [stream.streamId]
        stream.close()
        eventually(lambda: not own.streaming_responses)
        with pytest.raises(StopIteration):
            next(stream)
        assert proxy.plain() == 42


def test_closing_after_other_calls(own):
    with Proxy(own.uriFor("streaming")) as proxy:
        stream = proxy.generator()
        next(stream)
        proxy.plain()
        stream.close()
        eventually(lambda: not own.streaming_responses)


def test_collected_streams_are_closed(own):
    with Proxy(own.uriFor("streaming")) as proxy:
        stream = proxy.generator()
        next(stream)
        assert len(own.streaming_responses) == 1
        del stream
        eventually(lambda: not own.streaming_responses)


def test_exhausted_streams_are_gone(own):
    with Proxy(own.uriFor("streaming")) as proxy:
        assert len(list(proxy.generator())) == 3
        assert own.streaming_responses == {}


def test_without_streaming(proxy):
    config.ITER_STREAMING = False
    with pytest.raises(errors.ProtocolError, match="not configured to allow streaming"):
        proxy.generator()
    config.ITER_STREAMING = True
    assert list(proxy.numbers(2)) == [0, 1]


def test_a_released_proxy(proxy):
    stream = proxy.generator()
    assert next(stream) == "one"
    proxy._pyroRelease()
    with pytest.raises(
        errors.ConnectionClosedError,
        match="the proxy for this stream result has been closed",
    ):
        next(stream)
    stream.close()


def test_going_on_after_a_reconnect(proxy):
    config.ITER_STREAM_LINGER = 10.0
    stream = proxy.generator()
    assert next(stream) == "one"
    proxy._pyroRelease()
    proxy._pyroReconnect(1)
    assert next(stream) == "two"
    assert next(stream) == "three"
    with pytest.raises(StopIteration):
        next(stream)


def test_lingering_ends(own):
    config.ITER_STREAM_LINGER = 0.1
    with Proxy(own.uriFor("streaming")) as proxy:
        stream = proxy.generator()
        assert next(stream) == "one"
        proxy._pyroRelease()
        eventually(lambda: not own.streaming_responses)
        proxy._pyroReconnect(1)
        with pytest.raises(errors.PyroError, match="item stream terminated"):
            next(stream)
        stream.close()


def test_no_lingering(own):
    config.ITER_STREAM_LINGER = 0.0
    with Proxy(own.uriFor("streaming")) as proxy:
        stream = proxy.generator()
        assert next(stream) == "one"
        proxy._pyroRelease()
        eventually(lambda: not own.streaming_responses)
        proxy._pyroReconnect(1)
        with pytest.raises(errors.PyroError):
            next(stream)
        stream.close()


def test_lifetimes(own):
    config.ITER_STREAM_LIFETIME = 0.1
    with Proxy(own.uriFor("streaming")) as proxy:
        stream = proxy.generator()
        assert next(stream) == "one"
        eventually(lambda: not own.streaming_responses)
        with pytest.raises(errors.PyroError, match="item stream terminated"):
            next(stream)


def test_unknown_streams(daemon):
    with Proxy(daemon.uriFor("Pyro.Daemon")) as control:
        with pytest.raises(errors.PyroError, match="item stream terminated"):
            control.get_next_stream_item("unknown")
        assert control.close_stream("unknown") is None


def test_streams_of_a_daemon_that_ends(server_type):
    daemon = Daemon()
    daemon.register(Streaming(), "streaming")
    thread = threading.Thread(target=daemon.requestLoop)
    thread.start()
    with Proxy(daemon.uriFor("streaming")) as proxy:
        stream = proxy.generator()
        next(stream)
        daemon.shutdown()
        thread.join(5)
        assert daemon.streaming_responses == {}
