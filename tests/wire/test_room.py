from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrophone.cli.main import build_name
from pyrophone.wire.room import Room
from residents import measured, resident

LARGE = 5_000_000  # more than a step of the sources


def fill(room: Room, data: bytes, pieces: Iterator[int]) -> bytes | bytearray:
    """Put *data* into *room* by pieces of these sizes, as far as there is space."""
    done = 0
    while room.left:
        space = room.space()
        assert 0 < len(space) <= room.left
        count = min(next(pieces, len(space)), len(space), len(data) - done)
        space[:count] = data[done : done + count]
        done += count
        room.filled(count)
    assert done == len(data)
    return room.take()


@given(st.booleans(), st.binary(min_size=1, max_size=60), st.lists(st.integers(0, 20)))
def test_what_is_put_in_comes_out(fixed: bool, data: bytes, sizes: list[int]) -> None:
    got = fill(Room(fixed, len(data)), data, iter(sizes))
    assert got == data
    assert type(got) is (bytes if fixed else bytearray)


@pytest.mark.parametrize("fixed", [True, False])
def test_much_goes_in_by_steps(fixed: bool) -> None:
    data = bytes(range(250)) * (LARGE // 250)
    got = fill(Room(fixed, len(data)), data, iter([3_000_000, 7]))
    assert got == data


@pytest.mark.parametrize("fixed", [True, False])
def test_an_empty_one_is_complete(fixed: bool) -> None:
    room = Room(fixed, 0)
    assert room.left == 0
    assert room.take() == b""


@measured
@pytest.mark.parametrize("fixed", [True, False])
def test_what_was_announced_takes_no_memory(fixed: bool) -> None:
    before = resident()
    room = Room(fixed, 1 << 32)
    room.space()[:100] = bytes(100)
    room.filled(100)
    assert resident() - before < 8_000_000
    assert room.left == (1 << 32) - 100


@measured
@pytest.mark.skipif(build_name() != "compiled", reason="it is for steps of many megabytes")
@pytest.mark.parametrize("fixed", [True, False])
def test_what_is_there_stays_in_large_steps(fixed: bool) -> None:
    room = Room(fixed, 1 << 29)
    places = []
    while room.left:
        space = room.space()
        places.append((1 << 29) - room.left)
        space[:5] = b"begin"
        room.filled(len(space))  # of what is not written to, there is no memory
    got = room.take()
    assert len(places) > 1
    assert [got[place : place + 5] for place in places] == [b"begin"] * len(places)


def test_a_bytearray_that_came_out_can_be_changed() -> None:
    got = fill(Room(False, 3), b"abc", iter([1]))
    assert isinstance(got, bytearray)
    got += b"d"
    got[0] = 65
    assert got == b"Abcd"


def test_space_is_good_until_something_was_filled() -> None:
    room = Room(True, 3)
    space = room.space()
    assert room.space() is space
    room.filled(1)
    with pytest.raises(ValueError, match="released"):
        space[0] = 1


@pytest.mark.parametrize("fixed", [True, False])
def test_a_room_may_be_dropped_at_any_time(fixed: bool) -> None:
    for count in (0, 1):
        room = Room(fixed, 9)
        space = room.space()
        room.filled(count)
        del room
        gc.collect()
        del space
