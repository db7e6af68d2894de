"""What a process shares: one connection to a daemon, kept by nobody but its users."""

from __future__ import annotations

import time

import pytest

from pyrophone.sync.channels import LateError
from pyrophone.sync.hub import Hub


class Something:
    closed = False

    def disown(self) -> None:
        self.closed = True


def test_an_entry_knows_its_connection_as_long_as_somebody_uses_it() -> None:
    hub = Hub()
    connection = Something()
    with hub.entry("key", None) as entry:
        assert entry.connection is None
        entry.connection = connection
    with hub.entry("key", None) as entry:
        assert entry.connection is connection
        connection.closed = True
        assert entry.connection is None
        connection.closed = False
        del connection
        assert entry.connection is None


def test_who_looks_for_a_connection_is_alone_and_waits_no_longer_than_told() -> None:
    hub = Hub()
    with hub.entry("key", None), pytest.raises(LateError):
        with hub.entry("key", time.monotonic() + 0.01):
            raise AssertionError
    with hub.entry("key", time.monotonic()), hub.entry("another", None):
        pass


def test_a_child_is_told_what_is_its_parents() -> None:
    hub = Hub()
    mine, gone = Something(), Something()
    hub.remember(mine)
    hub.remember(gone)
    del gone
    with hub.entry("key", None) as entry:
        entry.connection = mine
        hub.disown()
    assert mine.closed
    with hub.entry("key", time.monotonic()) as entry:
        assert entry.connection is None
