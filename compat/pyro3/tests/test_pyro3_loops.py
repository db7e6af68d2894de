"""Loops of daemons, and loops of programs that serve them."""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import Pyro.core
from Pyro.errors import ConnectionClosedError, ProtocolError


class Thing(Pyro.core.ObjBase):
    def echo(self, value: Any) -> Any:
        return value

    def signalled(self, number: int) -> None:
        signal.raise_signal(number)


def test_a_callback_gets_only_what_is_ready(threaded: int) -> None:
    daemon = Pyro.core.Daemon(port=0, norange=1)
    with pytest.raises(ProtocolError, match="callback required"):
        daemon.handleRequests(0, [1])
    ours, theirs = socket.socketpair()
    with ours, theirs:
        found: list[Any] = []
        daemon.handleRequests(0, [ours, theirs], found.append)
        daemon.handleRequests(0.01, [ours, theirs], found.append)
        assert found == []
        theirs.send(b"x")
        daemon.handleRequests(None, [ours, theirs], found.append)
        daemon.handleRequests(5, [ours.fileno()], found.append)
        assert found == [[ours], [ours.fileno()]]
    daemon.shutdown()


def test_the_condition_ends_the_loop(threaded: int) -> None:
    daemon = Pyro.core.Daemon(port=0, norange=1)
    rounds = iter([1, 1, 0])
    daemon.requestLoop(lambda: next(rounds), 0)
    assert next(rounds, "none left") == "none left"
    daemon.shutdown()
    daemon.requestLoop()  # at once


def test_a_foreign_loop_serves(threaded: int) -> None:
    daemon = Pyro.core.Daemon(port=0, norange=1)
    proxy = daemon.connect(Thing()).getProxy()
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.extend(map(proxy.echo, range(5))))
    asking.start()
    most = 0
    while len(answers) < 5:
        sockets = daemon.getServerSockets()
        most = max(most, len(sockets))
        ready, _, _ = select.select(sockets, [], [], 0.1)
        if ready:
            daemon.handleRequests()
    assert answers == [*range(5)]
    assert most == (1 if threaded else 2)
    asking.join()
    daemon.shutdown()


def test_what_the_daemon_waits_for_itself_is_not_taken_from_it(threaded: int) -> None:
    daemon = Pyro.core.Daemon(port=0, norange=1)
    proxy: Any = daemon.connect(Thing()).getProxy()
    found: list[Any] = []
    for _ in range(2):
        daemon.handleRequests(0, [daemon.sock, *daemon.getServerSockets()], found.append)
    asking = threading.Thread(target=lambda: found.append(proxy.echo(1)))
    asking.start()
    daemon.requestLoop(lambda: not found, 0.1)
    asking.join()
    assert found == [1]
    daemon.shutdown()


def test_a_daemon_is_served_in_the_loop_of_another(threaded: int) -> None:
    host, guest = (Pyro.core.Daemon(port=0, norange=1) for _ in range(2))
    proxy: Any = guest.connect(Thing()).getProxy()
    found: list[Any] = []
    asking = threading.Thread(target=lambda: found.extend(map(proxy.echo, "abc")))
    asking.start()
    while asking.is_alive():
        ours = guest.getServerSockets()
        host.handleRequests(0.1, ours, lambda _: guest.handleRequests(0))
    assert found == ["a", "b", "c"]
    host.shutdown()
    guest.shutdown()


def test_ordinary_files_are_always_ready(threaded: int) -> None:
    daemon = Pyro.core.Daemon(port=0, norange=1)
    found: list[Any] = []
    with open(os.devnull) as file:
        daemon.handleRequests(None, [file], found.append)
        assert found == [[file]]
    daemon.shutdown()


def test_others_that_are_closed_leave_the_rest_as_it_was(threaded: int) -> None:
    daemon = Pyro.core.Daemon(port=0, norange=1)
    ours, theirs = socket.socketpair()
    gone = socket.socket()
    gone.close()
    found: list[Any] = []
    with ours, theirs:
        with pytest.raises(ValueError, match="-1"):
            daemon.handleRequests(0, [ours, gone], found.append)
        theirs.send(b"x")
        daemon.handleRequests(5, [ours], found.append)
        assert found == [[ours]]
        daemon.handleRequests(0)
    daemon.shutdown()


@pytest.fixture
def term() -> Iterator[None]:
    """Let SIGTERM end the program, as services do."""

    def leave(*_: Any) -> None:
        raise SystemExit(7)

    before = signal.signal(signal.SIGTERM, leave)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("term")
@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
)
def test_signals_during_a_call_end_the_loop_and_not_the_daemon(
    number: int, error: type[BaseException]
) -> None:
    Pyro.config.PYRO_MULTITHREADED = 0
    daemon = Pyro.core.Daemon(port=0, norange=1)
    proxy: Any = daemon.connect(Thing()).getProxy()
    found: list[Any] = []

    def asked(function: Callable[..., Any], argument: Any) -> threading.Thread:
        def ask() -> None:
            try:
                found.append(function(argument))
            except ConnectionClosedError:
                found.append("lost")

        asking = threading.Thread(target=ask)
        asking.start()
        return asking

    asking = asked(proxy.signalled, int(number))
    with pytest.raises(error):
        daemon.requestLoop()
    asking.join()
    asking = asked(proxy.echo, 1)
    daemon.requestLoop(lambda: len(found) < 2, 0.1)
    asking.join()
    assert found == ["lost", 1]
    daemon.shutdown(True)
