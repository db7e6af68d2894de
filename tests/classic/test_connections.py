"""Connections, as each generation's programs see them."""

from __future__ import annotations

import socket
import weakref
from types import SimpleNamespace
from typing import Any

import pytest

from Pyro5.generation import PYRO5
from pyrophone.classic.connections import (
    Connection,
    ServedConnection,
    connection_of,
    family_str,
)


class One(Connection):
    """Of a generation."""

    generation = PYRO5


class Served(ServedConnection, One):
    """Its client's."""


class Client(SimpleNamespace):
    """Like a daemon's client; can be held weakly."""


@pytest.fixture
def client() -> Any:
    near, far = socket.socketpair()
    certificate = {"subject": "me"}
    ends = SimpleNamespace(sock=near, peer_certificate=lambda: certificate)
    with near, far:
        yield Client(connection=ends, storage={}, instances={int: 1}, resources={"r"})


def test_a_connection_closes_what_is_its_own() -> None:
    near, far = socket.socketpair()
    with far:
        with One(near, "id") as connection:
            connection.send(b"abc")
            connection.timeout = 2.0
            assert (connection.timeout, connection.family()) == (2.0, "Unix")
            assert (connection.objectId, connection.getpeercert()) == ("id", None)
        assert far.recv(9) == b"abc"
        assert far.recv(1) == b""


def test_a_client_has_one_connection_with_what_belongs_to_it(client: Any) -> None:
    connection = connection_of(client, Served)
    assert connection_of(client, Served) is connection
    assert client.storage == {"Pyro5.connection": connection}
    assert connection.pyroInstances is client.instances
    assert connection.tracked_resources is client.resources
    assert connection.getpeercert() == {"subject": "me"}


def test_the_socket_of_a_client_stays_open_when_nobody_looks_at_it(client: Any) -> None:
    connection = connection_of(client, Served)
    gone = weakref.ref(connection)
    del connection
    client.storage.clear()
    assert gone() is None
    assert client.connection.sock.fileno() >= 0


def test_a_certificate_goes_with_the_client() -> None:
    near, far = socket.socketpair()
    ends = SimpleNamespace(sock=near, peer_certificate=lambda: 1)
    with near, far:
        client: Any = Client(connection=ends, storage={}, instances={}, resources=set())
        connection = connection_of(client, Served)
        del client
        assert connection.getpeercert() is None


def test_families() -> None:
    odd: Any = SimpleNamespace(family=99)
    assert family_str(odd) == "???"
    with socket.socket(socket.AF_INET) as sock:
        assert family_str(sock) == "IPv4"
