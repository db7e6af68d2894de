"""Where clients come in."""

from __future__ import annotations

import os
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from pyrophone.errors import InvalidURIError
from pyrophone.net.entrances import Entrance


def enter(host: str = "127.0.0.1", port: int = 0, **options: Any) -> Entrance:
    usual: dict[str, Any] = dict.fromkeys(("unix_socket", "sock", "public", "tls"))
    return Entrance(host, port, **{**usual, **options})


def test_it_listens_where_it_says() -> None:
    entrance = enter()
    assert entrance.listener is not None
    assert entrance.where.port == entrance.listener.getsockname()[1]
    assert not entrance.listener.getblocking()
    socket.create_connection((entrance.where.host, entrance.where.port)).close()
    entrance.close()
    assert entrance.listener.fileno() == -1


def test_behind_nat_it_says_what_it_is_told() -> None:
    entrance = enter(public="far.example:7")
    assert str(entrance.where.location) == "far.example:7"
    entrance.close()


def test_a_socket_file_goes_with_it(tmp_path: Path) -> None:
    name = str(tmp_path / "s")
    entrance = enter(unix_socket=name)
    assert str(entrance.where.location) == f"./u:{name}"
    assert os.path.exists(name)
    entrance.close()
    entrance.close()
    assert not os.path.exists(name)


def test_a_connected_socket_is_given_back_as_it_was() -> None:
    here, there = socket.socketpair()
    with here, there:
        here.settimeout(7.5)
        entrance = enter(sock=here)
        assert (entrance.listener, entrance.sock) == (None, here)
        here.setblocking(False)
        entrance.close()
        entrance.give_back()
        assert here.gettimeout() == 7.5
    entrance.give_back()  # its owner has closed it


@pytest.mark.filterwarnings("error")
def test_what_can_not_be_is_told_and_leaves_nothing_open() -> None:
    with pytest.raises(InvalidURIError):
        enter(public="a:b")
    with pytest.raises(ValueError, match="for clients"):
        enter(tls=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
