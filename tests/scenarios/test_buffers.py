"""Large bytes over each daemon and each client: beside the text, and whole."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from certificates import Certificates
from fronts import Front
from kinds import Kind
from pyrophone import Settings, expose, oneway
from pyrophone.net.tls import client_context, server_context
from running import LIMIT

LARGE = bytes(range(256)) * 4000  # more than a system takes at once


@expose
class Store:
    """Keeps what it gets."""

    def __init__(self) -> None:
        self.kept: list[Any] = []
        self.told = threading.Event()
        self.frame = bytearray(LARGE)

    def echo(self, value: Any) -> Any:
        return value

    @oneway
    def note(self, value: Any) -> None:
        self.kept.append(value)
        self.told.set()

    def each(self, count: int) -> Iterator[Any]:
        for number in range(count):
            yield bytes([number]) * 100_000

    def through(self, function: Callable[[Any], Any], value: Any) -> Any:
        return function(value)

    def next_frame(self) -> bytearray:
        count = self.frame[0] + 1
        self.frame[:] = bytes([count]) * len(self.frame)
        return self.frame


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def proxy(front: Front, daemon: Any, store: Store) -> Iterator[Any]:
    with front.connect(daemon.register(store)) as proxy:
        yield proxy


def test_calls_and_answers_have_them_anywhere(proxy: Any) -> None:
    array = np.arange(50_000.0).reshape(100, 500)
    sent = {"list": [LARGE, bytearray(LARGE)], "few": b"few", "array": array}
    got = proxy.echo(sent)
    assert got["list"] == sent["list"]
    assert [type(value) for value in got["list"]] == [bytes, bytearray]
    assert got["few"] == b"few"
    assert got["array"].dtype == array.dtype
    assert np.array_equal(got["array"], array)
    got["array"][0, 0] = 7.0  # it is nobody else's


def test_an_array_goes_both_ways_while_small_calls_go_on(front: Front, proxy: Any) -> None:
    array = np.arange(1_000_000.0)
    large = [front.start(proxy.echo, array + number) for number in range(2)]
    assert proxy.echo(1) == 1
    for number, call in enumerate(large):
        assert np.array_equal(call.result(LIMIT), array + number)


@pytest.mark.slow
def test_many_of_them_go_in_one_message(proxy: Any) -> None:
    sent = [bytes([number % 256]) * 8192 for number in range(1030)]
    assert proxy.echo(sent) == sent


def test_batches_streams_and_functions_have_them(front: Front, proxy: Any) -> None:
    batch = front.batch(proxy)
    batch.echo(LARGE)
    batch.echo(bytearray(LARGE))
    assert list(batch()) == [LARGE, LARGE]
    assert list(proxy.each(3)) == [bytes([number]) * 100_000 for number in range(3)]
    assert proxy.through(lambda value: value[::-1], LARGE) == LARGE[::-1]


@pytest.mark.parametrize("serializer", ["json", "msgpack", "marshal"])
def test_it_is_the_same_in_other_serializers(
    front: Front, daemon: Any, store: Store, serializer: str
) -> None:
    uri = daemon.register(store)
    with front.connect(uri, settings=Settings(serializer=serializer)) as proxy:
        if serializer != "marshal":
            assert proxy.echo([LARGE, bytearray(LARGE)]) == [LARGE, LARGE]
        else:
            assert proxy.echo([LARGE]) == [LARGE]


def test_what_was_sent_one_way_may_be_changed_at_once(proxy: Any, store: Store) -> None:
    array = bytearray(LARGE)
    proxy.note(array)
    array[:] = bytes(len(array))
    assert store.told.wait(LIMIT)
    assert store.kept == [LARGE]


def test_what_is_returned_may_be_changed_at_once(proxy: Any) -> None:
    for number in range(1, 4):
        assert proxy.next_frame() == bytes([number]) * len(LARGE)


@pytest.mark.parametrize("transport", ["tls", "unix"])
def test_it_is_the_same_where_pieces_are_not_gathered(
    kind: Kind, front: Front, files: Certificates, tmp_path: Path, transport: str
) -> None:
    serving = server_context(files.server.certificate, files.server.key)
    options: dict[str, Any] = {"tls": serving}
    settings = Settings(tls=client_context(files.authority))
    if transport == "unix":
        options, settings = {"unix_socket": str(tmp_path / "socket")}, Settings()
    with (
        kind.serving(**options) as daemon,
        front.connect(daemon.register(Store()), settings=settings) as proxy,
    ):
        assert proxy.echo([LARGE, b"few", LARGE]) == [LARGE, b"few", LARGE]
