"""What public programs do with Pyro4, beyond what its manual shows."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import Pyro4

Serve = Callable[..., Any]


@Pyro4.expose
class Meter:
    """Has a value, and iterators that it keeps."""

    def __init__(self) -> None:
        self.values = (number for number in range(9))
        self.report = io.StringIO("one\ntwo\nthree\n")
        self.ended = threading.Event()

    def name(self) -> str:
        return "meter"

    def readings(self) -> Iterator[int]:
        return self.values

    def lines(self) -> Iterator[str]:
        return self.report

    def fresh(self) -> Iterator[int]:
        try:
            yield from range(9)
        finally:
            self.ended.set()


def test_an_iterator_that_the_object_keeps_goes_on_after_a_client_stopped(
    serve: Serve, server_type: str
) -> None:
    meter = Meter()
    with Pyro4.Proxy(serve(meter)) as proxy:
        for expected in ([0, 1], [2, 3]):
            stream = proxy.readings()
            assert [next(stream), next(stream)] == expected
            stream.close()
            assert proxy.name() == "meter"  # behind the closing, on the same connection
        assert next(proxy.lines()) == "one\n"
        assert list(proxy.lines()) == ["two\n", "three\n"]
    assert not meter.report.closed


def test_an_iterator_that_nobody_keeps_ends_with_its_stream(
    serve: Serve, server_type: str
) -> None:
    meter = Meter()
    with Pyro4.Proxy(serve(meter)) as proxy:
        stream = proxy.fresh()
        assert next(stream) == 0
        assert not meter.ended.is_set()
        stream.close()
        assert meter.ended.wait(5)


def test_programs_connect_by_the_private_method(serve: Serve) -> None:
    uri = serve(Meter())
    with Pyro4.Proxy(uri) as proxy:
        assert proxy._Proxy__pyroCreateConnection() is True
        assert proxy._pyroConnection is not None
        assert proxy._Proxy__pyroCreateConnection() is False
    with pytest.raises(Pyro4.errors.CommunicationError, match="cannot connect"):
        Pyro4.Proxy("PYRO:meter@localhost:1")._Proxy__pyroCreateConnection()


def test_the_host_of_a_daemon_that_is_none_is_a_gaierror() -> None:
    with pytest.raises(socket.gaierror):
        Pyro4.Daemon("no such host")
