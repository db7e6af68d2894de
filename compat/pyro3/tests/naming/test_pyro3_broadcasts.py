"""Finding by broadcast: who asks is answered, who sends rubbish is not."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from Pyro.broadcasts import (
    DENIED,
    EVERYWHERE,
    BCReqValidator,
    BroadcastServer,
    answers,
    broadcast_address,
    make_validator,
    request_text,
)

URI = "PYRO://127.0.0.1:1/x"
Exchange = Callable[..., list[str]]


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    """Give a function that sends requests, has them answered, and returns what came."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)

        def run(*requests: bytes, guard: Any = None) -> list[str]:
            server = BroadcastServer(("127.0.0.1", 0), URI, guard)
            for request in (*requests, request_text("shutdown")):  # the last is answered
                sock.sendto(request, server.addr)
            found: list[str] = []
            while not found or found[-1] != DENIED:
                server.handle_request()
                found.append(sock.recv(2000).decode())
            server.close()
            return found[:-1]

        yield run


def test_who_asks_for_the_location_gets_the_uri(exchange: Exchange) -> None:
    assert exchange(b"PYRO3 location", b"PYRO3 location\n") == [URI, URI]


def test_a_request_to_end_is_refused() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        server = BroadcastServer(("127.0.0.1", 0), URI)
        sock.sendto(b"PYRO3 shutdown", server.addr)
        server.handle_request()
        assert sock.recv(2000) == b"Shutdown request denied"
        server.close()


@pytest.mark.parametrize(
    "request_",
    [b"", b"location", b"PYRO3", b"PYRO3 ", b"PYRO3 x", b"\xff" * 1000, b"x" * 60_000],
)
def test_rubbish_gets_no_answer(exchange: Exchange, request_: bytes) -> None:
    assert exchange(request_, b"PYRO3 location") == [URI]


class Choosy(BCReqValidator):
    def acceptLocationCmd(self) -> int:
        assert self.addr[0] == "127.0.0.1"
        self.reply("not for you")
        return 0


class Broken(BCReqValidator):
    def acceptLocationCmd(self) -> int:
        raise RuntimeError("guard")


def test_guards_decide(exchange: Exchange) -> None:
    assert exchange(b"PYRO3 location", guard=Choosy) == ["not for you"]
    assert exchange(b"PYRO3 location", guard=Choosy()) == ["not for you"]
    assert exchange(b"PYRO3 location", guard=BCReqValidator()) == [URI]


def test_a_guard_that_fails_refuses_and_others_are_answered(exchange: Exchange) -> None:
    assert exchange(b"PYRO3 location", b"PYRO3 location", guard=Broken()) == []


def test_a_guard_is_a_validator() -> None:
    with pytest.raises(TypeError, match="must be a BCReqValidator"):
        make_validator(7)


@pytest.mark.parametrize(
    ("text", "address"),
    [(None, EVERYWHERE), ("", EVERYWHERE), ("127.255.255.255", "127.255.255.255")],
)
def test_addresses_of_broadcasts(text: str | None, address: str) -> None:
    assert broadcast_address(text) == address


@pytest.mark.parametrize("text", ["1.2.3.4.5", "no address", "\ud800", "x" * 300])
def test_what_is_no_address_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="invalid broadcast address"):
        broadcast_address(text)


def test_who_asks_listens_to_all_who_answer_until_time_is_up() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        for sock in (one, two):
            sock.bind(("127.0.0.1", 0))
        addresses = [one.getsockname(), two.getsockname()]
        heard = answers(client, b"?", addresses, -1)
        client.bind(("127.0.0.1", 0))
        one.sendto(b" a\n", client.getsockname())
        two.sendto(b"\xff", client.getsockname())
        assert sorted([next(heard), next(heard)]) == ["a", "\ufffd"]
        assert (one.recv(9), two.recv(9)) == (b"?", b"?")
        assert list(answers(client, b"?", [], 0)) == []
