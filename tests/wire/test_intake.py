from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pyrophone.wire.intake import Intake


def make() -> Intake:
    return Intake(max_size=100, expected=0)


@given(pieces=st.lists(st.binary(max_size=9)), sizes=st.lists(st.integers(0, 12)))
def test_what_is_taken_is_what_was_fed_however_it_came(
    pieces: list[bytes], sizes: list[int]
) -> None:
    intake = make()
    rest = b""
    for piece in pieces:
        intake.feed(piece)
        rest += piece
        for size in sizes[:2]:
            taken = intake.take(size)
            if len(rest) < size:
                assert taken is None
                assert intake.wanted == size
            else:
                assert taken == rest[:size]
                rest = rest[size:]
        assert intake.pending == len(rest)
        assert intake.peek(5) == rest[:5]


def test_a_head_is_left_out_of_what_is_taken() -> None:
    intake = make()
    intake.feed(b"abc")
    intake.feed(b"def")
    assert intake.take(7, head=2) is None
    assert intake.take(5, head=2) == b"cde"
    assert intake.take(1, head=1) == b""
    assert intake.pending == 0


def test_a_look_first_pays_with_the_six_bytes_that_tell_the_version() -> None:
    intake = make()
    assert intake.wanted == 6
    intake.feed(b"abcdefgh")
    intake.take(7)
    assert (intake.wanted, intake.pending) == (6, 1)
