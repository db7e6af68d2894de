"""The short way of reading and writing agrees with the long one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversing import decode
from pyrophone.wire.framing import (
    INVOKE,
    ONEWAY,
    RESULT,
    Decoder,
    Message,
    encode,
)
from pyrophone.wire.plain import NONE, call_number, plain, result_payload

SIZE = 40


@given(
    st.sampled_from([INVOKE, RESULT]),
    st.integers(0, 255),
    st.integers(0, 0xFFFF),
    st.binary(max_size=50),
)
def test_the_bytes_are_those_of_any_message(
    kind: int, serializer_id: int, seq: int, payload: bytes
) -> None:
    message = Message(kind, serializer_id, 0, seq, payload)
    assert plain(kind, serializer_id, seq, payload) == encode(message)


@given(st.integers(0, 255), st.integers(0, 0xFFFF), st.binary(max_size=50))
def test_what_was_written_is_read(serializer_id: int, seq: int, payload: bytes) -> None:
    call = plain(INVOKE, serializer_id, seq, payload)
    assert call_number(call, 50) == serializer_id << 16 | seq
    assert result_payload(call, serializer_id, seq, 50) is None
    result = plain(RESULT, serializer_id, seq, payload)
    assert result_payload(result, serializer_id, seq, 50) == payload
    assert call_number(result, 50) == NONE


@given(st.integers(0, SIZE + 4), st.integers(1, 255))
def test_one_other_byte_is_left_to_the_decoder_or_read_as_it_reads(
    place: int, change: int
) -> None:
    for kind in (INVOKE, RESULT):
        data = bytearray(plain(kind, 1, 7, b"12345"))
        data[place] ^= change
        number = call_number(bytes(data), 100)
        if number != NONE:
            message = decode(bytes(data))
            assert (message.kind, message.flags, message.annotations) == (INVOKE, 0, {})
            assert message.serializer_id << 16 | message.seq == number
        payload = result_payload(bytes(data), 1, 7, 100)
        if payload is not None:
            assert decode(bytes(data)) == Message(RESULT, 1, 0, 7, payload)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        plain(INVOKE, 1, 7, b"12345")[:-1],
        plain(INVOKE, 1, 7, b"12345") + b"P",
        plain(INVOKE, 1, 7, b"12345")[: SIZE - 1],
        encode(Message(INVOKE, 1, 0, 7, b"12345", {"ABCD": b""})),
        encode(Message(INVOKE, 1, ONEWAY, 7, b"12345")),
        encode(Message(INVOKE, 1, 0, 7, b"1" * 200), compress=True),
    ],
    ids=["nothing", "cut", "more", "no_header", "annotated", "one_way", "compressed"],
)
def test_anything_else_is_not_for_here(data: bytes) -> None:
    assert call_number(data, 1000) == NONE
    answer = data.replace(b"\x01\xf6\x04", b"\x01\xf6\x05", 1)
    assert result_payload(answer, 1, 7, 1000) is None


def test_the_largest_payload_is_that_of_the_decoder() -> None:
    data = plain(INVOKE, 1, 7, b"12345")
    assert call_number(data, 5) == 1 << 16 | 7
    assert call_number(data, 4) == NONE
    decoder = Decoder(5)
    decoder.feed(data)
    assert decoder.next() is not None
    answer = plain(RESULT, 1, 7, b"12345")
    assert result_payload(answer, 1, 7, 5) == b"12345"
    assert result_payload(answer, 1, 7, 4) is None


def test_the_answer_to_another_call_or_in_another_serializer_is_not_taken() -> None:
    answer = plain(RESULT, 1, 7, b"12345")
    assert result_payload(answer, 1, 8, 5) is None
    assert result_payload(answer, 2, 7, 5) is None
