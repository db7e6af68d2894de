"""Asking by broadcast, and answering; all on the loopback interface."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pyrophone import URI
from pyrophone.finding import BROADCAST_QUERY
from pyrophone.net.beacon import Beacon, ask
from running import LIMIT, running

QUERY = b"GET_NSURI"
NAMES = URI("PYRO", "Pyro.NameServer", None, "names.lab", 9090)
SOON = 0.01  # seconds, where nothing comes


@contextmanager
def answering(uri: URI = NAMES, host: str = "127.0.0.1") -> Iterator[int]:
    """Answer in a thread; give the port, and see the thread end."""
    with running(Beacon(uri, QUERY, host=host, port=0)) as beacon:
        yield beacon.address[1]


@contextmanager
def peer() -> Iterator[socket.socket]:
    """Give a socket on a free port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(LIMIT)
        yield sock


def test_who_asks_is_told_the_uri() -> None:
    with answering() as port:
        for _ in range(2):
            assert ask(QUERY, ("127.0.0.1",), port, LIMIT) == str(NAMES)


@pytest.mark.parametrize("host", ["::", "::1"])
def test_one_can_ask_by_ipv6_too(host: str) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    with answering(host=host) as port:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.settimeout(LIMIT)
            sock.sendto(QUERY, ("::1", port))
            assert sock.recv(2000) == str(NAMES).encode()


def test_the_datagrams_are_those_of_pyro5() -> None:
    with answering() as port, peer() as sock:
        sock.sendto(b"GET_NSURI", ("127.0.0.1", port))
        assert sock.recvfrom(2000) == (
            b"PYRO:Pyro.NameServer@names.lab:9090",
            ("127.0.0.1", port),
        )


def test_other_datagrams_are_not_answered() -> None:
    with answering() as port, peer() as sock:
        for data in (b"", b"GET_NSURI\n", b"get_nsuri", b"GET_NSUR", b"\xff" * 1500):
            sock.sendto(data, ("127.0.0.1", port))
        sock.sendto(QUERY, ("127.0.0.1", port))
        assert sock.recv(2000) == str(NAMES).encode()
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.recv(2000)


@pytest.mark.parametrize("host", ["0.0.0.0", ""])
def test_everywhere_becomes_the_address_towards_who_asks(host: str) -> None:
    with answering(URI("PYRO", "Pyro.NameServer", None, host, 7), host="") as port:
        answer = ask(QUERY, ("127.0.0.1",), port, LIMIT)
    assert answer == "PYRO:Pyro.NameServer@127.0.0.1:7"


def test_a_long_answer_arrives_whole_and_odd_letters_are_replaced() -> None:
    uri = URI("PYRO", "Pyro.NameServer", None, "h" * 200 + "é€", 9090)
    with answering(uri) as port:
        answer = ask(QUERY, ("127.0.0.1",), port, LIMIT)
    assert answer == f"PYRO:Pyro.NameServer@{'h' * 200}é?:9090"


def test_without_an_answer_there_is_none() -> None:
    with peer() as silent:
        assert ask(QUERY, ("127.0.0.1",), silent.getsockname()[1], SOON) is None
        assert silent.recv(100) == QUERY
    assert ask(QUERY, (), 9, SOON) is None


def test_unusable_addresses_are_passed_over() -> None:
    with answering() as port:
        addresses = ("300.1.1.1", "no such host.invalid", "", "127.0.0.1")
        assert ask(QUERY, addresses, port, LIMIT) == str(NAMES)


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_is_none_is_not_asked_and_not_waited_for(port: int) -> None:
    assert ask(QUERY, ("127.0.0.1",), port, 3600) is None


def test_a_refusal_does_not_end_the_waiting() -> None:
    with peer() as gone:
        closed = gone.getsockname()[1]
    assert ask(QUERY, ("127.0.0.1",), closed, SOON) is None


def test_any_bytes_in_an_answer_become_text() -> None:
    data = bytes(range(256))
    with peer() as sock:
        answers: list[str | None] = []
        port = sock.getsockname()[1]
        thread = threading.Thread(
            target=lambda: answers.append(ask(QUERY, ("127.0.0.1",), port, LIMIT))
        )
        thread.start()
        _, address = sock.recvfrom(100)
        sock.sendto(data, address)
        thread.join(LIMIT)
    assert answers == [data.decode("iso-8859-1")]


def test_closing_twice_and_before_serving_is_harmless() -> None:
    beacon = Beacon(NAMES, QUERY, host="127.0.0.1", port=0)
    beacon.close()
    beacon.close()
    beacon.serve()
    beacon.answer_one()


def test_a_port_in_use_is_an_error() -> None:
    with peer() as sock:
        with pytest.raises(OSError, match="in use"):
            Beacon(NAMES, QUERY, host="127.0.0.1", port=sock.getsockname()[1])
    with pytest.raises(OverflowError, match="port"):
        Beacon(NAMES, QUERY, host="127.0.0.1", port=-1)


def test_the_datagrams_are_those_of_the_vectors() -> None:
    vectors = Path(__file__).parent.parent / "vectors" / "wire-vectors.json"
    datagrams = {
        vector["name"]: bytes.fromhex(vector["hex"])
        for vector in json.loads(vectors.read_text())["vectors"]
        if vector["kind"] == "udp"
    }
    assert set(datagrams) == {"broadcast_query", "broadcast_answer"}
    assert datagrams["broadcast_query"] == BROADCAST_QUERY
    uri = URI.parse("PYRO:Pyro.NameServer@127.0.0.1:9090")
    with answering(uri) as port, peer() as sock:
        sock.sendto(datagrams["broadcast_query"], ("127.0.0.1", port))
        assert sock.recv(100) == datagrams["broadcast_answer"]
