"""Streams fetch their items through a proxy."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from Pyro5 import errors
from Pyro5.generation import PYRO5
from pyrophone.classic.streams import StreamIterator


class Items(StreamIterator):
    """The stream of some generation."""

    generation = PYRO5


class Stub:
    """Stands in for a proxy: gives items, notes what it is told."""

    def __init__(self, *items: Any) -> None:
        self.items = iter(items)
        self.told: list[Any] = []
        self._pyroSeq = 3
        self._pyroConnection: Any = object()

    def _pyroIsFree(self) -> bool:
        return True

    def _pyroInvoke(self, method: str, args: Any, kwargs: Any, *, objectId: str) -> Any:
        assert (method, args, kwargs) == ("get_next_stream_item", ["id"], {})
        assert objectId == "Pyro.Daemon"
        return next(self.items)

    def _pyroTell(self, *what: Any) -> None:
        self.told.append(what)


CLOSED = ("close_stream", ["id"], "Pyro.Daemon")


def test_items_come_one_by_one_and_the_end_needs_no_closing() -> None:
    proxy = Stub(1, 2)
    stream = Items("id", proxy)
    assert (next(stream), next(stream), stream.pyroseq) == (1, 2, 5)
    assert list(stream) == []
    stream.close()
    assert (proxy.told, list(stream)) == ([], [])


def test_closing_tells_the_server_once() -> None:
    proxy = Stub(1)
    stream = Items("id", proxy)
    stream.close()
    stream.close()
    assert (proxy.told, list(stream)) == ([CLOSED], [])


def test_a_released_proxy_has_no_more_items_and_tells_nothing() -> None:
    proxy = Stub(1)
    proxy._pyroConnection = None
    stream = Items("id", proxy)
    with pytest.raises(errors.ConnectionClosedError, match="has been closed"):
        next(stream)
    stream.close()
    assert proxy.told == []


def test_a_stream_that_is_collected_is_closed() -> None:
    proxy = Stub(1)
    Items("id", proxy)
    gc.collect()
    assert proxy.told == [CLOSED]
