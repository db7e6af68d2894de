from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrophone.errors import LocalProtocolError, RemoteProtocolError
from pyrophone.wire.buffers import (
    MOST_BUFFERS,
    Landing,
    Pieces,
    heads_size,
    read_heads,
    write_heads,
)

HEADS = bytes.fromhex("00000002 62 0000000000000003 61 0000000000000001")

contents = st.lists(st.binary(max_size=9), max_size=9)


# What is said of them.


def test_heads_are_written_byte_for_byte() -> None:
    assert write_heads([memoryview(b"abc"), memoryview(bytearray(b"x"))]) == HEADS
    assert write_heads([]) == bytes(4)


def test_what_is_of_bytes_arrives_as_bytes() -> None:
    part = memoryview(b"abcd")[1:3]
    shut = memoryview(bytearray(b"ab")).toreadonly()
    assert write_heads([part, shut])[4::9] == b"ba"


def test_heads_are_read_as_they_were_written() -> None:
    assert read_heads(HEADS, len(HEADS) + 4) == [(True, 3), (False, 1)]
    assert read_heads(bytes(4), 4) == []


def test_it_is_known_how_many_bytes_to_wait_for() -> None:
    size = len(HEADS) + 4
    assert [heads_size(HEADS[:end], size) for end in (0, 3, 4, 5)] == [4, 4, 22, 22]


def test_buffers_must_fill_their_annotation() -> None:
    for size in (len(HEADS) + 3, len(HEADS) + 5):
        with pytest.raises(RemoteProtocolError) as caught:
            read_heads(HEADS, size)
        assert str(caught.value) == f"BUFS has {size} bytes, its buffers make 26"
    with pytest.raises(RemoteProtocolError, match=r"^BUFS has 21 bytes, needs 22$"):
        heads_size(HEADS, 21)
    with pytest.raises(RemoteProtocolError, match=r"^BUFS has 3 bytes, needs 4$"):
        heads_size(b"", 3)


def test_sizes_that_are_beyond_everything_are_just_wrong() -> None:
    heads = bytes.fromhex("00000002 62 ffffffffffffffff 61 0000000000000001")
    with pytest.raises(RemoteProtocolError, match="its buffers make 1844674407370955"):
        read_heads(heads, 22)


def test_there_are_two_kinds() -> None:
    heads = bytes.fromhex("00000001 63 0000000000000000")
    with pytest.raises(RemoteProtocolError, match=r"^BUFS has a buffer of kind b'c'$"):
        read_heads(heads, 13)


def test_the_number_of_buffers_is_limited_on_both_sides() -> None:
    most = [memoryview(b"")] * MOST_BUFFERS
    heads = write_heads(most)
    assert heads_size(heads, len(heads)) == len(heads)
    assert len(read_heads(heads, len(heads))) == MOST_BUFFERS == 1024
    with pytest.raises(LocalProtocolError, match=r"^1025 buffers .*, limit is 1024$"):
        write_heads([*most, memoryview(b"")])
    with pytest.raises(RemoteProtocolError, match=r"^BUFS has 1025 buffers, limit is 1024"):
        heads_size(bytes.fromhex("00000401"), 1 << 30)


# What is sent.


@given(contents, st.lists(st.integers(0, 20)))
def test_pieces_are_sent_one_behind_the_other(
    parts: list[bytes], counts: list[int]
) -> None:
    pieces = Pieces(parts)
    whole = b"".join(parts)
    sent = b""
    for count in [*counts, len(whole)]:
        assert len(pieces) == len(whole) - len(sent)
        assert bytes(pieces) == whole[len(sent) :]
        head = b"".join(pieces.head())
        assert whole[len(sent) :].startswith(head)
        assert all(len(piece) for piece in pieces.head())
        count = min(count, len(head))
        pieces.sent(count)
        sent += head[:count]
    assert sent == whole


def test_no_more_pieces_are_given_at_once_than_a_system_takes() -> None:
    pieces = Pieces([b"%04d" % number for number in range(1000)])
    assert [len(pieces.head()), len(pieces)] == [64, 4000]
    pieces.sent(250)
    assert b"".join(pieces.head()).startswith(b"6200630064")
    assert len(pieces.head()) == 64


def test_what_is_sent_is_what_the_user_has_until_it_is_copied() -> None:
    array = bytearray(b"abcdef")
    pieces = Pieces([b"12", memoryview(array)])
    pieces.sent(3)
    array[:] = b"ghijkl"
    assert bytes(pieces) == b"hijkl"
    pieces.own()
    array[:] = b"mnopqr"
    array += b"st"  # nobody holds it any more
    assert bytes(pieces) == b"hijkl"
    assert len(pieces) == 5
    pieces.sent(5)
    pieces.own()
    assert (len(pieces), pieces.head()) == (0, [])


# What arrives.


@given(contents, st.lists(st.tuples(st.booleans(), st.integers(0, 12))))
def test_buffers_land_however_they_come(
    parts: list[bytes], moves: list[tuple[bool, int]]
) -> None:
    whole = memoryview(b"".join(parts) + b"behind")
    end = len(whole) - 6
    heads = [(place % 2 == 0, len(part)) for place, part in enumerate(parts)]
    landing = Landing(heads, 0)
    done = 0
    for feeds, count in [*moves, (True, len(whole))]:
        assert landing.left == end - done
        space = landing.space()
        assert (space is None) == (done == end)
        if feeds or space is None:
            data = whole[done : done + count]
            used = landing.feed(data)
            assert used == min(len(data), end - done)
        else:
            used = min(count, len(space))
            space[:used] = whole[done : done + used]
            landing.filled(used)
        done += used
    assert landing.buffers == parts
    kinds = [type(buffer) is bytes for buffer in landing.buffers]
    assert kinds == [fixed for fixed, _ in heads]


SCARCE = """
import resource
from pyrophone.wire.buffers import Landing
landing = Landing([(True, 3), (FIXED, 1 << 32)], 0)
resource.setrlimit(resource.RLIMIT_AS, (300_000_000, 300_000_000))
while landing.problem is None:
    landing.feed(memoryview(bytes(1 << 20)))
print(landing.problem, landing.left, landing.buffers, landing.space())
"""


@pytest.mark.slow
@pytest.mark.parametrize("fixed", [True, False])
def test_where_memory_ends_nothing_lands(fixed: bool) -> None:
    pytest.importorskip("resource")
    program = SCARCE.replace("FIXED", str(fixed))
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "no memory for buffers of 4294967299 bytes 0 [] None\n"
