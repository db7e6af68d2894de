"""Records: what is packed comes back, what is no record is refused."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrophone.errors import EventError
from pyrophone.events.records import (
    EventRecord,
    Head,
    as_kept,
    pack_event,
    pack_head,
    unpack,
)

PUBLISHER = "0123456789abcdef"
numbers = st.integers(1, (1 << 63) - 1)
topics = st.lists(st.text("abé-", min_size=1, max_size=4), min_size=1, max_size=4).map(
    ".".join
)
publishers = st.binary(min_size=8, max_size=8).map(bytes.hex)


@st.composite
def events(draw: st.DrawFn) -> bytes:
    return pack_event(
        draw(topics),
        draw(publishers),
        draw(numbers),
        draw(st.floats(allow_nan=False, allow_infinity=False)),
        draw(st.binary(max_size=9)),
        keep=draw(st.booleans()),
    )


heads = st.builds(
    lambda topic, publisher, numbers, position: pack_head(
        topic, publisher, *reversed(numbers), position=position
    ),
    topics,
    publishers,
    st.tuples(numbers, numbers).map(sorted),
    st.booleans(),
)


def show(entry: EventRecord | Head) -> bytes:
    if isinstance(entry, Head):
        where = (entry.topic, entry.publisher, entry.number, entry.base)
        return pack_head(*where, position=entry.position)
    again = pack_event(
        entry.topic,
        entry.publisher,
        entry.number,
        entry.time,
        bytes(entry.sealed),
        keep=entry.keep,
    )
    assert entry.data == again
    return again


@given(records=st.lists(st.one_of(events(), heads), max_size=5))
def test_what_is_packed_is_unpacked_in_order(records: list[bytes]) -> None:
    assert [show(entry) for entry in unpack(b"".join(records))] == records


def test_the_bytes_are_as_the_module_says() -> None:
    event = pack_event("lab.t", PUBLISHER, 7, 1.5, b"value", keep=True)
    assert (
        event
        == (b"\x03" + bytes.fromhex(PUBLISHER) + (7).to_bytes(8) + struct.pack("!d", 1.5))
        + b"\x00\x05\x00\x00\x00\x05lab.tvalue"
    )
    head = pack_head("lab.t", PUBLISHER, 7, 5)
    assert (
        head
        == (b"\x00" + bytes.fromhex(PUBLISHER) + (7).to_bytes(8) + (5).to_bytes(8))
        + b"\x00\x05lab.t"
    )
    position = pack_head("lab.t", PUBLISHER, 7, 5, position=True)
    assert position == b"\x08" + head[1:]


def test_a_kept_event_says_so() -> None:
    (live,) = unpack(pack_event("a", PUBLISHER, 1, 0.0, b"", keep=True))
    assert isinstance(live, EventRecord)
    assert (live.keep, live.kept) == (True, False)
    (kept,) = unpack(as_kept(live.data))
    assert isinstance(kept, EventRecord)
    assert (kept.keep, kept.kept) == (True, True)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\x01", "bad record at 0"),
        (b"\x09" + bytes(40), "kind 9"),
        (b"\x05" + bytes(40), "kind 5"),  # kept, though it was not to be
        (pack_event("a", PUBLISHER, 1, 0.0, b"")[:-1], "it ends early"),
        (pack_event("a", PUBLISHER, 1, 0.0, b"") + b"\x00", "bad record at 32"),
        (pack_event("a b", PUBLISHER, 1, 0.0, b""), "bad topic 'a b'"),
        (pack_event("x" * 201, PUBLISHER, 1, 0.0, b""), "201 characters"),
        (pack_event("ab", PUBLISHER, 1, 0.0, b"").replace(b"ab", b"\xff\xff"), "utf-8"),
        (pack_event("a", PUBLISHER, 0, 0.0, b""), "number 0"),
        (pack_event("a", PUBLISHER, 1 << 63, 0.0, b""), "number 9223372036854775808"),
        (pack_event("a", PUBLISHER, 1, math.inf, b""), "time inf"),
        (pack_head("a", PUBLISHER, 1, 2), "number 1, base 2"),
        (pack_head("a", PUBLISHER, 2, 1)[:-1], "it ends early"),
        (pack_head("a..b", PUBLISHER, 2, 1), "bad topic 'a..b'"),
    ],
)
def test_what_is_no_record_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(EventError, match=problem):
        unpack(data)


@given(data=st.binary(max_size=80))
def test_any_bytes_are_records_or_are_refused(data: bytes) -> None:
    try:
        entries = unpack(data)
    except EventError:
        return
    assert (not data) is (not entries)
