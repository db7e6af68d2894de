"""Sockets are made as a generation's configuration says."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from Pyro5 import config, errors
from Pyro5.generation import PYRO5
from pyrophone.classic.makers import Maker, interrupt_socket


@pytest.fixture
def maker() -> Maker:
    return Maker(PYRO5)


@pytest.fixture
def kept() -> Iterator[list[Any]]:
    """Give a list; what is in it is closed when the test is over."""
    sockets: list[Any] = []
    yield sockets
    for sock in sockets:
        sock.close()


def test_the_version_is_that_of_the_configuration_at_this_moment(
    maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def look_up(host: str, port: int, family: int, *more: int) -> Any:
        asked.append(family)
        return [(family, socket.SOCK_STREAM, 6, "", ("192.0.2.7", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for version in (4, 6, 0):
        monkeypatch.setattr(config, "PREFER_IP_VERSION", version)
        assert maker.get_ip_address("somewhere") == ipaddress.ip_address("192.0.2.7")
    assert asked == [socket.AF_INET, socket.AF_INET6, socket.AF_UNSPEC]


def test_errors_are_those_of_the_generation(maker: Maker, kept: list[Any]) -> None:
    kept.append(socket.socket(socket.AF_UNIX))
    with pytest.raises(errors.CommunicationError, match="unsupported socket family"):
        maker.bind_unused_port(kept[0])


def test_who_waits_can_be_woken(maker: Maker, kept: list[Any]) -> None:
    kept.append(maker.create_socket(bind=("127.0.0.1", 0), timeout=5))
    interrupt_socket(kept[0].getsockname())
    kept.append(kept[0].accept()[0])
    assert len(kept[1].recv(100)) == 16
