from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pyrophone.context import Client
from pyrophone.errors import StreamError
from pyrophone.objects.streams import StreamTable

ANN, BOB = Client("ann"), Client("bob")


class Items:
    """Counts, and notes how it ended."""

    def __init__(self, *, error: BaseException | None = None) -> None:
        self.error = error
        self.closed = 0
        self.given = 0

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        self.given += 1
        return self.given

    def close(self) -> None:
        self.closed += 1
        if self.error:
            raise self.error


def gone(streams: StreamTable, stream_id: Any) -> bool:
    """Whether a stream is unknown."""
    with pytest.raises(StreamError, match=r"^item stream terminated$"):
        streams.next_item(stream_id, ANN)
    return True


def test_items_are_read_one_by_one_to_the_end() -> None:
    streams = StreamTable()
    stream_id = streams.open(iter("ab"), ANN, 0)
    assert len(stream_id) == 36
    assert [streams.next_item(stream_id, ANN) for _ in "ab"] == ["a", "b"]
    assert len(streams) == 1
    with pytest.raises(StopIteration):
        streams.next_item(stream_id, ANN)
    assert len(streams) == 0
    assert gone(streams, stream_id)


def test_an_error_of_the_iterator_ends_the_stream() -> None:
    streams = StreamTable()
    stream_id = streams.open((1 // n for n in (1, 0, 1)), ANN, 0)
    assert streams.next_item(stream_id, ANN) == 1
    with pytest.raises(ZeroDivisionError):
        streams.next_item(stream_id, ANN)
    assert gone(streams, stream_id)


def test_also_a_process_level_error_ends_the_stream() -> None:
    def leaves() -> Iterator[int]:
        raise SystemExit(3)
        yield

    streams = StreamTable()
    stream_id = streams.open(leaves(), ANN, 0)
    with pytest.raises(SystemExit):
        streams.next_item(stream_id, ANN)
    assert len(streams) == 0


@pytest.mark.parametrize("stream_id", ["", "unknown", None, 5, ["list"], {}])
def test_an_unknown_stream_cannot_be_read_and_may_be_closed(stream_id: Any) -> None:
    streams = StreamTable()
    streams.close(stream_id)
    assert gone(streams, stream_id)


def test_closing_a_stream_closes_its_iterator() -> None:
    streams, items = StreamTable(), Items()
    stream_id = streams.open(items, ANN, 0)
    streams.close(stream_id)
    streams.close(stream_id)
    assert (len(streams), items.closed) == (0, 1)


def test_the_iterator_of_a_closed_stream_can_be_left_to_those_who_have_it() -> None:
    streams, items = StreamTable(), Items()
    streams.closes = False
    stream_id = streams.open(items, ANN, 0)
    assert streams.next_item(stream_id, ANN) == 1
    streams.close(stream_id)
    assert gone(streams, stream_id)
    assert (items.closed, next(items)) == (0, 2)


def test_a_stream_is_kept_for_a_while_when_its_client_is_gone() -> None:
    streams, items = StreamTable(linger=30), Items()
    stream_id = streams.open(items, ANN, 0)
    other = streams.open(Items(), BOB, 0)
    streams.leave(ANN, 100)
    streams.expire(130)
    assert (len(streams), items.closed) == (2, 0)
    streams.expire(130.001)
    assert (len(streams), items.closed) == (1, 1)
    assert gone(streams, stream_id)
    assert streams.next_item(other, BOB) == 1


def test_who_asks_first_adopts_a_stream() -> None:
    streams = StreamTable(linger=30)
    stream_id = streams.open(Items(), ANN, 0)
    streams.leave(ANN, 100)
    assert streams.next_item(stream_id, BOB) == 1
    streams.expire(1000)
    streams.leave(ANN, 1000)
    streams.expire(2000)
    assert streams.next_item(stream_id, BOB) == 2
    streams.leave(BOB, 2000)
    streams.expire(2031)
    assert len(streams) == 0


def test_whoever_knows_the_id_may_read_without_adopting() -> None:
    streams = StreamTable(linger=30)
    stream_id = streams.open(Items(), ANN, 0)
    assert streams.next_item(stream_id, BOB) == 1
    streams.leave(BOB, 0)
    streams.expire(1000)
    assert streams.next_item(stream_id, ANN) == 2


@pytest.mark.parametrize("linger", [0, -1])
def test_without_linger_a_stream_goes_with_its_client(linger: float) -> None:
    streams, items = StreamTable(linger=linger), Items()
    streams.open(items, ANN, 0)
    streams.leave(BOB, 0)
    assert len(streams) == 1
    streams.leave(ANN, 0)
    assert (len(streams), items.closed) == (0, 1)


def test_a_lifetime_counts_from_the_opening() -> None:
    streams, items = StreamTable(lifetime=10), Items()
    stream_id = streams.open(items, ANN, 100)
    assert streams.next_item(stream_id, ANN) == 1
    streams.expire(110)
    assert len(streams) == 1
    streams.expire(110.001)
    assert (len(streams), items.closed) == (0, 1)


def test_without_lifetime_a_stream_lives_as_long_as_its_client() -> None:
    streams = StreamTable()
    streams.open(Items(), ANN, 0)
    streams.expire(1e9)
    assert len(streams) == 1


def test_all_streams_can_be_dropped() -> None:
    streams, items = StreamTable(), [Items(), Items()]
    for each in items:
        streams.open(each, ANN, 0)
    streams.clear()
    assert (len(streams), [each.closed for each in items]) == (0, [1, 1])


@pytest.mark.parametrize("end", ["leave", "expire", "clear"])
def test_an_iterator_that_fails_to_close_does_not_keep_the_others(end: str) -> None:
    streams, bad, good = StreamTable(lifetime=1, linger=0), Items(error=KeyError()), Items()
    streams.open(bad, ANN, 0)
    streams.open(good, ANN, 0)
    if end == "leave":
        streams.leave(ANN, 0)
    elif end == "expire":
        streams.expire(2)
    else:
        streams.clear()
    assert (len(streams), bad.closed, good.closed) == (0, 1, 1)


class Failing(Items):
    def __next__(self) -> int:
        raise ZeroDivisionError("the item")


def test_the_error_of_an_item_is_not_hidden_by_one_of_closing() -> None:
    streams = StreamTable()
    stream_id = streams.open(Failing(error=KeyError("closing")), ANN, 0)
    with pytest.raises(ZeroDivisionError, match=r"^the item$"):
        streams.next_item(stream_id, ANN)
    assert len(streams) == 0


def test_a_generator_that_runs_is_left_alone() -> None:
    started, go_on = threading.Event(), threading.Event()

    def slow() -> Iterator[int]:
        started.set()
        go_on.wait(10)
        yield 1
        yield 2

    streams = StreamTable()
    stream_id = streams.open(slow(), ANN, 0)
    items: list[Any] = []
    thread = threading.Thread(
        target=lambda: items.append(streams.next_item(stream_id, ANN))
    )
    thread.start()
    assert started.wait(10)
    with pytest.raises(StreamError, match=r"^another call is reading this item stream$"):
        streams.next_item(stream_id, BOB)
    assert len(streams) == 1
    streams.close(stream_id)  # takes nothing from the thread that reads
    go_on.set()
    thread.join()
    assert (items, len(streams)) == ([1], 0)


def test_the_open_streams_and_their_times_can_be_looked_at_and_changed() -> None:
    streams = StreamTable()
    stream_id = streams.open(iter("ab"), ANN, 5)
    assert [*streams.streams] == [stream_id]
    stream = streams.streams[stream_id]
    assert (stream.client, stream.born, stream.orphaned) == (ANN, 5, None)
    streams.lifetime = 1.0
    streams.expire(7)
    assert streams.streams == {}
