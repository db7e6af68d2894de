"""Name servers that run while a test does, where no program but the test's looks."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from Pyro import config
from Pyro.starting import NameServerStarter

_ITEMS = ("NS_PORT", "NS2_PORT", "NS_BC_PORT", "NS2_BC_PORT")


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[None]:
    """Let programs of the test find no name server but its own."""
    before = dict(vars(config))
    config.PYRO_HOST = "localhost"
    config.PYRO_STORAGE = str(tmp_path)
    config.PYRO_NS_URIFILE = str(tmp_path / "uri")
    config.PYRO_NS_HOSTNAME = config.PYRO_NS2_HOSTNAME = None
    config.PYRO_NS_BC_ADDR = config.PYRO_NS2_BC_ADDR = "127.0.0.1"
    for item, port in zip(_ITEMS, free_ports(len(_ITEMS)), strict=True):
        setattr(config, f"PYRO_{item}", port)
    config.PYRO_BC_RETRIES, config.PYRO_BC_TIMEOUT = 0, 0.05
    yield
    vars(config).clear()
    vars(config).update(before)


@pytest.fixture
def serve_names(alone: None) -> Iterator[Callable[..., NameServerStarter]]:
    """Give a function that runs a name server until the test is over."""
    running: list[tuple[NameServerStarter, threading.Thread]] = []

    def run(identification: Any = None, **options: Any) -> NameServerStarter:
        starter = NameServerStarter(identification)
        options = {"hostname": "localhost", "dontlookupother": 1, **options}
        thread = threading.Thread(target=starter.start, kwargs=options, name="names")
        thread.start()
        running.append((starter, thread))
        assert starter.waitUntilStarted(10)
        return starter

    yield run
    for starter, thread in running:
        starter.shutdown()
        thread.join(10)
        assert not thread.is_alive()


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens at, neither by TCP nor by UDP."""
    pairs: list[tuple[socket.socket, socket.socket]] = []
    while len(pairs) < count:
        tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
        tcp.bind(("127.0.0.1", 0))
        try:
            udp.bind(tcp.getsockname())
        except OSError:
            tcp.close()
            udp.close()
        else:
            pairs.append((tcp, udp))
    ports = [int(tcp.getsockname()[1]) for tcp, _ in pairs]
    for pair in pairs:
        for sock in pair:
            sock.close()
    return ports
