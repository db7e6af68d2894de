"""Items of remote iterators: each once, whoever asks, and none that nobody wants."""

from __future__ import annotations

import gc
import threading
from functools import partial
from typing import Any

import pytest

from manyfold import End, script
from pyrophone import Settings
from pyrophone.errors import (
    ConnectionLostError,
    DeadlineExceeded,
    PyrophoneError,
    StreamError,
)
from pyrophone.frontend.deadlines import deadline
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import make_codecs
from pyrophone.sync.channels import LateError
from pyrophone.sync.connection import Connection
from pyrophone.sync.items import Fetched, Flowing
from pyrophone.sync.portions import Inbox
from pyrophone.wire.events import Call, Cancel, Credit, Ping
from pyrophone.wire.framing import ONEWAY
from running import LIMIT

CODECS = make_codecs(ClassTable(), Settings())


def flowing(uri: Any, timeout: float | None = None) -> Flowing:
    return over(Connection(uri, Settings(beat=None), CODECS), timeout)


def over(connection: Connection, timeout: float | None = None) -> Flowing:
    reply = connection.call("items", (), {})
    assert reply is not None
    return Flowing(connection, reply.seq, 3, timeout)


def produce(end: End, count: int, batch: int) -> int:
    """Send *count* items as credit comes; return how many messages were under way."""
    call = end.call()
    end.send(end.session.flow(call))
    most = credit = sent = 0
    while sent < count:
        while not credit:
            event = end.event()
            if isinstance(event, Cancel):
                end.send(end.session.items(call, [], last=True))
                return sent
            assert isinstance(event, Credit)
            credit += event.count
            most = max(most, credit)
        values = list(range(sent, min(sent + batch, count)))
        sent += len(values)
        credit -= 1
        end.send(end.session.items(call, values, last=sent == count))
    return most


def test_the_window_is_what_the_settings_say() -> None:
    found = []
    with script(lambda end: found.append(produce(end, 100, 7))) as uri:
        items = flowing(uri)
        assert list(items) == list(range(100))
        with pytest.raises(StopIteration):
            next(items)
        items.close()
    assert found == [3]


def test_several_threads_get_each_item_once() -> None:
    taken: list[int] = []
    with script(lambda end: produce(end, 500, 3)) as uri:
        items = flowing(uri)
        threads = [threading.Thread(target=lambda: taken.extend(items)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
    assert sorted(taken) == list(range(500))


@pytest.mark.parametrize("how", ["close", "drop"])
def test_who_wants_no_more_ends_the_producer(how: str) -> None:
    sent: list[int] = []
    done = threading.Event()

    def part(end: End) -> None:
        sent.append(produce(end, 1000, 1))
        done.set()

    with script(part) as uri:
        connection = Connection(uri, Settings(beat=None), CODECS)
        items = over(connection)
        assert next(items) == 0
        if how == "close":
            items.close()
            assert list(items) == []
        else:
            del items
            gc.collect()
        assert done.wait(LIMIT)
        assert sent[0] < 10
        connection.close()


def waited_for(end: End, waits: threading.Semaphore) -> None:
    """Give streams, but no items; answer a call once the next one has come."""
    first: Call | None = None
    while (event := end.event()) is not None:
        if isinstance(event, Ping):
            end.send(end.session.pong(event))
        elif isinstance(event, Credit):
            waits.release()
        elif isinstance(event, Call) and event.method == "items":
            end.send(end.session.flow(event))
        elif isinstance(event, Call) and first is None:
            first = event
            waits.release()
        elif isinstance(event, Call):
            assert first is not None
            end.answer(first, "first")
            end.answer(event, "second")


@pytest.mark.parametrize("reads", [True, False], ids=["reads", "is_read_for"])
def test_who_waits_for_an_item_is_woken_by_a_thread_that_closes(reads: bool) -> None:
    waits = threading.Semaphore(0)
    ended: list[str] = []

    def take() -> None:
        ended.extend(list(items) or ["none"])

    def ask() -> None:
        ended.append(connection.call("f", (), {}).unwrap())

    with script(partial(waited_for, waits=waits)) as uri:
        connection = Connection(uri, Settings(beat=None), CODECS)
        items = over(connection)
        reader, other = threading.Thread(target=take), threading.Thread(target=ask)
        for thread in (reader, other) if reads else (other, reader):
            thread.start()
            assert waits.acquire(timeout=LIMIT)
        items.close()
        reader.join(LIMIT)
        assert ended == ["none"]
        assert connection.call("f", (), {}).unwrap() == "second"
        other.join(LIMIT)
        assert ended == ["none", "first"]
        connection.close()


def test_an_item_that_is_late_may_still_come() -> None:
    late = threading.Event()

    def part(end: End) -> None:
        call = end.call()
        end.send(end.session.flow(call))
        assert isinstance(end.event(), Credit)
        assert late.wait(LIMIT)
        end.send(end.session.items(call, ["here"], last=True))

    with script(part) as uri:
        items = flowing(uri, 0.05)
        with pytest.raises(DeadlineExceeded, match=r"no reply within 0\.05 s"):
            next(items)
        items._timeout = None
        late.set()
        assert list(items) == ["here"]


def test_items_that_are_fetched_end_once_and_say_so_once() -> None:
    calls: list[tuple[str, int]] = []
    ends: list[Exception] = []

    def invoke(method: str, args: Any, kwargs: Any, flags: int, object_id: str) -> int:
        calls.append((method, flags))
        if ends:
            raise ends.pop()
        return 5

    items = Fetched(invoke, "1")
    assert next(items) == 5
    ends.append(ConnectionLostError("try again"))
    with pytest.raises(ConnectionLostError):
        next(items)
    ends.append(PyrophoneError("of the method"))
    with pytest.raises(PyrophoneError, match="of the method"):
        next(items)
    assert next(items) == 5
    items.close()
    items.close()
    assert calls[4:] == [("close_stream", ONEWAY)]
    with pytest.raises(StopIteration):
        next(items)

    for end in (PyrophoneError("item stream terminated"), StreamError("gone")):
        items = Fetched(invoke, "1")
        ends.append(end)
        with pytest.raises(StreamError):
            next(items)
        with pytest.raises(StopIteration):
            next(items)


class Held:
    """Stands for a connection whose items come when a test says."""

    closed = False

    def __init__(self) -> None:
        self.asked, self.go = threading.Event(), threading.Event()
        self.error: BaseException | None = None
        self.dropped = 0

    def inbox(self, seq: int) -> Inbox:
        return Inbox(seq)

    def grant(self, inbox: Inbox, count: int) -> None:
        pass

    def portion(self, inbox: Inbox, limit: float | None) -> Any:
        self.asked.set()
        assert self.go.wait(LIMIT)
        assert self.error is not None
        raise self.error

    def drop(self, inbox: Inbox) -> None:
        self.dropped += 1

    drop_later = drop


def test_who_waits_for_another_reader_waits_no_longer_than_told() -> None:
    held = Held()
    held.error = LateError()
    items = Flowing(held, 1, 3, None)
    late: list[BaseException] = []

    def read() -> None:
        with pytest.raises(DeadlineExceeded) as caught:
            next(items)
        late.append(caught.value)

    reader = threading.Thread(target=read)
    reader.start()
    assert held.asked.wait(LIMIT)
    with pytest.raises(DeadlineExceeded), deadline(0.01):
        next(items)
    held.go.set()
    reader.join(LIMIT)
    assert late
    items.close()


def test_a_stream_whose_reading_was_interrupted_does_not_go_on() -> None:
    held = Held()
    held.error = KeyboardInterrupt()
    held.go.set()
    items = Flowing(held, 1, 3, None)
    with pytest.raises(KeyboardInterrupt):
        next(items)
    assert held.dropped == 1
    with pytest.raises(StreamError, match="was interrupted"):
        next(items)
