"""Names of daemons that are gone go."""

from __future__ import annotations

import logging
import socket
import threading
from types import SimpleNamespace

import pytest

from Pyro5 import config
from Pyro5.generation import PYRO5
from pyrophone.classic.cleaning import AutoCleaner
from pyrophone.classic.storages import MemoryStorage

LIMIT = 10.0


class Told(MemoryStorage):
    """Tells when a name is removed."""

    def __init__(self) -> None:
        super().__init__()
        self.removed = threading.Event()

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self.removed.set()


class Eager(AutoCleaner):
    """Does not wait."""

    generation = PYRO5
    max_unreachable_time = 0.0
    loop_delay = 0.01
    override_autoclean_min = True


def test_a_name_without_a_daemon_goes_and_others_stay(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(config, "NS_AUTOCLEAN", 0.01)
    storage = Told()
    with socket.create_server(("127.0.0.1", 0)) as there, socket.socket() as nowhere:
        nowhere.bind(("127.0.0.1", 0))  # and nobody listens
        storage["here"] = f"PYRO:x@127.0.0.1:{there.getsockname()[1]}", None
        storage["gone"] = f"PYRO:x@127.0.0.1:{nowhere.getsockname()[1]}", None
        cleaner = Eager(SimpleNamespace(storage=storage))
        with caplog.at_level(logging.WARNING, "Pyro5.naming"):
            cleaner.start()
            assert storage.removed.wait(LIMIT)
            cleaner.end()
    assert list(storage) == ["here"]
    assert not cleaner.is_alive()
    assert "removed gone" in caplog.text


def test_too_small_an_interval_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "NS_AUTOCLEAN", 2.9)
    monkeypatch.setattr(Eager, "override_autoclean_min", False)
    with pytest.raises(ValueError, match=r"^NS_AUTOCLEAN cannot be smaller than 3$"):
        Eager(SimpleNamespace(storage=MemoryStorage()))
