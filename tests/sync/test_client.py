"""Proxies: connecting, reconnecting, repeating, copying, and what their texts say."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Iterator
from typing import assert_type

import pytest

from pyrophone import URI, Settings, expose, oneway
from pyrophone.errors import (
    CallTimeoutError,
    InvalidURIError,
    LocalProtocolError,
    NoNameServerError,
    NotExposedError,
    ProtocolError,
)
from pyrophone.sync import Daemon, Proxy, batch, close, connect, options, ping
from pyrophone.wire.blobs import Blob
from running import LIMIT, running

FAR = Settings(name_port=1, broadcast_addresses=(), broadcast_timeout=0.001, timeout=2.0)


class Counter:
    def __init__(self) -> None:
        self.value = 0
        self.heard = threading.Event()

    @expose
    def add(self, n: int = 1) -> int:
        self.value += n
        return self.value

    @expose
    def items(self) -> list[int]:
        return [1, 2, 3]

    @expose
    def __iter__(self) -> Iterator[int]:
        return iter([1, 2, 3])

    @expose
    @oneway
    def hear(self) -> None:
        self.heard.set()


@pytest.fixture
def counter() -> Iterator[tuple[Daemon, Proxy]]:
    with running(Daemon()) as daemon:
        with connect(daemon.register(Counter(), "counter")) as proxy:
            yield daemon, proxy


def test_the_interface_is_the_type(counter: tuple[Daemon, Proxy]) -> None:
    daemon, proxy = counter
    typed = connect(str(daemon.uri_of("counter")), Counter)
    assert_type(typed, Counter)
    assert typed.add(2) == 2
    assert_type(connect(daemon.uri_of("counter")), Proxy)
    assert typed == proxy
    close(typed)


def test_a_closed_proxy_connects_again(counter: tuple[Daemon, Proxy]) -> None:
    _, proxy = counter
    assert proxy.add() == 1
    close(proxy)
    close(proxy)
    assert proxy.add() == 2


def test_options_are_those_of_the_variant_only(counter: tuple[Daemon, Proxy]) -> None:
    _, proxy = counter
    quick = options(proxy, timeout=5.0)
    assert quick == proxy
    assert quick.add() == 1
    assert proxy.add() == 2
    slower = options(options(quick, retries=2), patience=3.0)
    remote = slower.__dict__["_pyrophone"]
    assert (remote.timeout, remote.retries, remote.patience) == (5.0, 2, 3.0)


def test_a_proxy_may_be_used_from_many_threads(counter: tuple[Daemon, Proxy]) -> None:
    _, proxy = counter
    results: list[int] = []

    def use() -> None:
        for _ in range(20):
            results.append(proxy.add())

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert sorted(results) == list(range(1, 161))


def test_copies_and_pickles_connect_on_their_own(counter: tuple[Daemon, Proxy]) -> None:
    _, proxy = counter
    assert proxy.add() == 1
    for other in (
        copy.copy(proxy),
        copy.deepcopy(proxy),
        pickle.loads(pickle.dumps(proxy)),
    ):
        assert other == proxy
        assert hash(other) == hash(proxy)
        other.add()
        close(other)
    assert proxy.add() == 5
    assert proxy != "something else"


def test_its_text_and_its_names(counter: tuple[Daemon, Proxy]) -> None:
    daemon, proxy = counter
    assert (
        repr(proxy) == f"<pyrophone.sync.client.Proxy for PYRO:counter@{daemon.location}>"
    )
    assert {"add", "hear", "items"} <= set(dir(proxy))
    assert repr(proxy.add) == "<remote method add>"
    with pytest.raises(NotExposedError, match="did you mean 'add'"):
        proxy.ad()
    with pytest.raises(AttributeError, match="_private"):
        proxy._private  # noqa: B018
    with pytest.raises(TypeError, match="no proxy"):
        close("something else")


def test_remote_iteration(counter: tuple[Daemon, Proxy]) -> None:
    daemon, proxy = counter
    assert list(proxy) == [1, 2, 3]
    assert 2 in proxy

    @expose
    class Nothing:
        def nothing(self) -> None: ...

    with connect(daemon.register(Nothing())) as nothing:
        with pytest.raises(TypeError, match="can't be iterated over"):
            list(nothing)
        with pytest.raises(TypeError, match=r"has no len\(\)"):
            len(nothing)


def test_one_way_pings_and_batches_reconnect_too(counter: tuple[Daemon, Proxy]) -> None:
    _, proxy = counter
    close(proxy)
    ping(proxy)
    close(proxy)
    proxy.hear()
    close(proxy)
    calls = batch(proxy)
    calls.add(5)
    assert list(calls()) == [5]
    with pytest.raises(AttributeError):
        calls._private  # noqa: B018


def test_a_blob_must_be_alone(counter: tuple[Daemon, Proxy]) -> None:
    _, proxy = counter
    with pytest.raises(LocalProtocolError, match="must be the only argument"):
        proxy.add(Blob("x", 1), n=2)
    assert proxy.add() == 1


@pytest.mark.parametrize("text", ["PYRO:x", "PYRONAME:", "PYRO:x@host:port", "pyrox:x@y:1"])
def test_a_wrong_uri_is_an_error_before_anything_is_sent(text: str) -> None:
    with pytest.raises(InvalidURIError):
        connect(text)


@pytest.mark.parametrize("target", ["lab.thermometer", "PYRONAME:x", "PYROMETA:a,b"])
def test_a_name_needs_a_name_server(target: str) -> None:
    with pytest.raises(NoNameServerError, match="Start one with 'pyrophone names serve'"):
        connect(target, settings=FAR)


def test_a_daemon_of_another_kind_is_a_protocol_error() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            sock, _ = listener.accept()
            with sock:
                sock.sendall(b"SSH-2.0-OpenSSH\r\n")
                sock.recv(65536)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(ProtocolError, match="b'SSH-'"):
            connect(URI("PYRO", "x", None, *listener.getsockname()))
        thread.join(LIMIT)


def test_time_limits_of_batches_and_attributes() -> None:
    release = threading.Event()

    class Slow:
        @expose  # type: ignore[prop-decorator]
        @property
        def value(self) -> int:
            release.wait(LIMIT)
            return 1

        @expose
        def method(self) -> int:
            return self.value

    with running(Daemon()) as daemon, connect(daemon.register(Slow())) as slow:
        quick = options(slow, timeout=0.05)
        with pytest.raises(CallTimeoutError):
            quick.value  # noqa: B018
        calls = batch(quick)
        calls.method()
        with pytest.raises(CallTimeoutError):
            calls()
        release.set()
        assert slow.value == 1
