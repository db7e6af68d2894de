"""Proxies reach daemons, and forks leave the connections of their parents alone."""

from __future__ import annotations

import logging
import socket

import pytest

from Pyro5 import errors
from Pyro5.generation import PYRO5
from pyrophone.classic.dialing import Line, dial, place_of
from pyrophone.classic.uris import ClassicURI


class Address(ClassicURI):
    """A URI of some generation."""

    generation = PYRO5


class Wire(Line):
    """A connection of some generation."""

    generation = PYRO5


LOG = logging.getLogger("test")


def test_a_connection_has_the_limit_and_knows_its_object() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        uri = Address(f"PYRO:thing@127.0.0.1:{server.getsockname()[1]}")
        with dial(Wire, uri, 5.0, None, LOG) as line:
            assert (line.objectId, line.timeout, line.is_ours) == ("thing", 5.0, False)
            assert not line.is_inherited


def test_failure_names_the_place_the_reason_and_the_cause() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    uri = Address(f"PYRO:thing@127.0.0.1:{port}")
    with pytest.raises(errors.CommunicationError) as caught:
        dial(Wire, uri, 5.0, None, LOG)
    assert str(caught.value).startswith(f"cannot connect to ('127.0.0.1', {port}): ")
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)
    assert place_of(Address("PYRO:x@./u:path")) == "path"


@pytest.mark.parametrize("inherited", [False, True])
def test_only_the_process_that_connected_hangs_up(inherited: bool) -> None:
    mine, other = socket.socketpair()
    copied = mine.dup()  # as a child has it
    line = Wire(mine)
    line.process -= inherited
    line.close()
    with copied, other:
        other.settimeout(5)
        if inherited:
            copied.sendall(b"still there")
            assert other.recv(99) == b"still there"
        else:
            assert other.recv(1) == b""
    assert mine.fileno() == -1
