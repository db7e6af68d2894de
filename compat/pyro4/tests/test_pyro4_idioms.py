"""What public programs do with Pyro4, beyond what its manual shows."""

from __future__ import annotations

import io
import pickle
import select
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

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


class Agent(Pyro4.Proxy):
    """Has attributes of its own, and sends what it is told to set (as osBrain's do)."""

    def __init__(self, uri: Any, nickname: str = "") -> None:
        super().__init__(uri)
        self._nickname = nickname

    def __getstate__(self) -> tuple[Any, ...]:
        return (*super().__getstate__(), self._nickname)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        super().__setstate__(state[:-1])
        self._nickname = state[-1]

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "_nickname":
            super(Pyro4.core.Proxy, self).__setattr__(name, value)
        elif name.startswith("_"):
            super().__setattr__(name, value)
        else:
            self.put(name, value)

    def __getattr__(self, name: str) -> Any:
        if name in self._pyroAttrs:
            return self.get(name)
        return super().__getattr__(name)

    def _pyroInvoke(
        self,
        methodname: str,
        vargs: Any,
        kwargs: Any,
        flags: int = 0,
        objectId: str | None = None,
    ) -> Any:
        if methodname == "put":
            self._pyroAttrs.add(vargs[0])
        return super()._pyroInvoke(methodname, vargs, kwargs, flags, objectId)


@Pyro4.expose
class Store:
    """Keeps values by name."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def put(self, name: str, value: Any) -> None:
        self.values[name] = value

    def get(self, name: str) -> Any:
        return self.values[name]


def test_a_subclass_has_attributes_of_its_own_and_sends_others(serve: Serve) -> None:
    with Agent(serve(Store()), "bond") as agent:
        agent.drink = "shaken"
        assert (agent.drink, agent._nickname) == ("shaken", "bond")
        with pytest.raises(AttributeError, match="no exposed attribute 'zero'"):
            Pyro4.Proxy.__setattr__(agent, "zero", 7)
        with pickle.loads(pickle.dumps(agent)) as other:
            assert (type(other), other._nickname) == (Agent, "bond")
            assert (other.drink, other == agent) == ("shaken", True)


def test_a_class_that_is_defined_anew_takes_the_place_of_the_old_one(
    running: Callable[[Any], Any],
) -> None:
    daemon = running(Pyro4.Daemon())
    for version in range(3):
        cell = type("Cell", (), {"version": Pyro4.expose(lambda self, v=version: v)})
        uri = daemon.register(cell, "cell", force=True)
        with Pyro4.Proxy(uri) as proxy:
            assert proxy.version() == version


def test_a_program_watches_the_sockets_of_two_daemons_in_one_loop() -> None:
    Pyro4.config.SERVERTYPE = "multiplex"
    with Pyro4.Daemon() as one, Pyro4.Daemon() as two:
        uris = [one.register(Meter()), two.register(Store())]
        seen: list[Any] = []

        def client() -> None:
            with Pyro4.Proxy(uris[0]) as meter, Pyro4.Proxy(uris[1]) as store:
                store.put("name", meter.name())
                seen.append(store.get("name"))

        thread = threading.Thread(target=client)
        thread.start()
        while thread.is_alive():
            ready, _, _ = select.select(one.sockets + two.sockets, [], [], 0.01)
            of_one = set(one.sockets)
            for sock in ready:
                (one if sock in of_one else two).events((sock,))
        assert seen == ["meter"]


def test_settings_may_come_late_and_as_lists(running: Callable[[Any], Any]) -> None:
    Pyro4.config.SERIALIZERS_ACCEPTED = ["pickle"]
    Pyro4.config.SERIALIZER = "pickle"
    Pyro4.config.COMMTIMEOUT = None
    daemon = Pyro4.Daemon("localhost", 0)
    uri = daemon.register(Meter(), "meter")
    Pyro4.config.COMMTIMEOUT = 5
    running(daemon)
    with Pyro4.Proxy(uri) as proxy:
        assert (proxy.name(), proxy._pyroTimeout) == ("meter", 5)
    with Pyro4.Proxy(uri) as proxy:
        proxy._pyroSerializer = "serpent"
        with pytest.raises(Pyro4.errors.CommunicationError, match="not accepted"):
            proxy.name()


def test_the_name_of_the_error_for_a_refused_connection_is_in_the_text() -> None:
    with pytest.raises(Pyro4.errors.CommunicationError, match="Connection refused"):
        Pyro4.Proxy("PYRO:x@localhost:1").anything()


def test_proxies_and_daemons_can_be_mocked() -> None:
    with mock.patch("Pyro4.Proxy") as proxy, mock.patch("Pyro4.locateNS") as locate:
        proxy.return_value.reading.return_value = 9
        assert Pyro4.Proxy("PYRONAME:meter").reading() == 9
        assert Pyro4.locateNS().lookup is locate.return_value.lookup
    mock.create_autospec(Pyro4.Daemon)("localhost").register(Meter(), "meter")
