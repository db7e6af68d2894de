"""How items of a stream are gathered into messages."""

from __future__ import annotations

from typing import Any

import pytest

from pyrophone.errors import LocalProtocolError, MessageTooLargeError, SerializeError
from pyrophone.wire.batching import Batch
from pyrophone.wire.events import Call
from pyrophone.wire.flows import Flow

UNFIT = object()


class Writer:
    """Writes items of a size, up to a message that is too large; notes what it wrote."""

    def __init__(self, flow: Flow, size: int = 1, most: int = 1 << 20) -> None:
        self.flow = flow
        self.size = size
        self.most = most
        self.written: list[list[Any]] = []
        self.ended = False
        self.error: Exception | None = None

    def items(self, call: Call, values: list[Any], *, last: bool = False) -> bytes:
        if self.error is not None:
            raise self.error
        if UNFIT in values:
            raise SerializeError("unfit")
        if len(values) * self.size > self.most:
            raise MessageTooLargeError(len(values) * self.size, self.most)
        self.written.append(values)
        self.ended = last
        self.flow.used += 1
        return bytes(len(values) * self.size) or b"\0"


def begin(credit: int = 100, **options: Any) -> tuple[Batch, Flow, Writer]:
    flow = Flow()
    flow.grant(credit)
    call = Call.__new__(Call)
    call.flow = flow
    return Batch(call), flow, Writer(flow, **options)


def test_an_item_is_due_if_the_reader_has_used_up_all() -> None:
    batch, flow, writer = begin(8)
    assert not batch.due
    for item in range(3):
        batch.items.append(item)
        assert batch.due
        batch.next(writer)
        flow.grant(1)
    assert writer.written == [[0], [1], [2]]


def test_else_when_there_are_as_many_as_make_a_message() -> None:
    batch, flow, writer = begin()
    sizes = []
    for item in range(4000):
        batch.items.append(item)
        if batch.due:
            batch.next(writer)
            sizes.append(len(writer.written[-1]))
    assert sizes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024]
    batch.items.clear()
    assert not batch.due
    batch.items.append(0)
    assert not batch.due
    flow.grant(flow.unread)
    assert batch.due


def test_without_room_nothing_is_due_and_nothing_is_written() -> None:
    batch, flow, writer = begin(1)
    batch.items += [1, 2, 3]
    assert batch.next(writer) == bytes(1)
    assert not batch.due
    assert batch.next(writer) == b""
    assert batch.items == [2, 3]
    flow.grant(1)
    assert batch.due


def test_a_large_message_is_followed_by_a_smaller_one() -> None:
    batch, _, writer = begin(size=10_000)
    batch.items += range(100)
    while batch.items:
        batch.next(writer)
    assert [len(values) for values in writer.written[:4]] == [1, 2, 4, 4]
    batch.full = 64
    batch.items += range(64)
    batch.next(writer)
    assert batch.full == 6


def test_what_is_too_large_together_is_sent_apart() -> None:
    batch, _, writer = begin(size=10, most=35)
    batch.full = 16
    batch.items += range(20)
    while batch.items:
        batch.next(writer)
    assert [item for values in writer.written for item in values] == list(range(20))
    assert max(map(len, writer.written)) == 2


def test_what_is_good_goes_before_what_is_not() -> None:
    batch, _, writer = begin()
    batch.full = 16
    batch.items += [0, 1, 2, 3, 4, 5, 6, UNFIT, 8, 9]
    while batch.items != [UNFIT, 8, 9]:
        assert batch.due
        batch.next(writer)
    batch.full = 2
    with pytest.raises(SerializeError, match="unfit"):
        batch.next(writer)
    assert [item for values in writer.written for item in values] == list(range(7))
    assert batch.items == []


def test_an_item_that_is_too_large_alone_is_an_error() -> None:
    batch, _, writer = begin(size=10, most=9)
    batch.items += [1, 2]
    with pytest.raises(MessageTooLargeError, match="10 bytes, max=9"):
        batch.next(writer)
    assert batch.items == []


def test_where_the_conversation_is_over_nothing_is_tried_again() -> None:
    batch, _, writer = begin()
    batch.full = 8
    batch.items += range(8)
    writer.error = LocalProtocolError("session is closed")
    with pytest.raises(LocalProtocolError):
        batch.next(writer)
    assert (batch.items, batch.full) == ([], 8)


@pytest.mark.parametrize("count", [0, 1, 4])
def test_the_end_is_said_with_the_last_items_and_takes_no_room(count: int) -> None:
    batch, flow, writer = begin(0)
    batch.full = 4
    batch.items += range(count)
    assert flow.room == 0
    batch.next(writer, last=True)
    assert (writer.written, writer.ended, batch.items) == ([[*range(count)]], True, [])


def test_the_end_is_not_said_before_the_last_items() -> None:
    batch, flow, writer = begin(1)
    batch.full = 4
    batch.items += range(5)
    batch.next(writer, last=True)
    assert (writer.written, writer.ended, batch.items) == ([[0, 1, 2, 3]], False, [4])
    batch.next(writer, last=True)
    assert (writer.written[1:], writer.ended, flow.used) == ([[4]], True, 2)


def test_a_source_may_want_a_message_for_each_item() -> None:
    class Packed:
        items_per_message = 1

    flow = Flow()
    flow.grant(100)
    call = Call.__new__(Call)
    call.flow = flow
    batch, writer = Batch(call, Packed()), Writer(flow)
    for number in range(9):
        batch.items.append(number)
        assert batch.due  # however many are unread
        batch.next(writer)
    assert writer.written == [[number] for number in range(9)]
