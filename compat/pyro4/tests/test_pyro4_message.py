"""Pyro4.message: one class for what is sent and what comes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given

from Pyro4 import errors, message
from Pyro4.configuration import config
from Pyro4.framing import CHECKSUM
from Pyro4.message import Message, secure_compare
from pyrophone.testing.strategies import mutations

PLAIN = Message(message.MSG_INVOKE, b"abc", 1, 0, 5, {"ABCD": b"xx"}).to_bytes()
SIGNED = Message(message.MSG_INVOKE, b"abc", 1, 0, 5, {"ABCD": b"xx"}, b"k").to_bytes()


@pytest.fixture(autouse=True)
def _limit() -> Iterator[None]:
    before = config.MAX_MESSAGE_SIZE
    yield
    config.MAX_MESSAGE_SIZE = before


class Stub:
    """All that is needed of a connection."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = data
        self.sent = b""
        self.asked: list[int] = []
        self.closed = False

    def recv(self, size: int) -> bytes:
        self.asked.append(size)
        data, self.data = self.data[:size], self.data[size:]
        if len(data) < size:
            raise errors.ConnectionClosedError("receiving: not enough data")
        return data

    def send(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        self.closed = True


def with_size(size: int) -> bytes:
    """Return a header that announces so much."""
    head = Message(message.MSG_PING, b"", 1, 0, 0)
    head.data_size = size
    sums = (message.MSG_PING + 48 + size + 1 + CHECKSUM) & 0xFFFF
    data = head.to_bytes()
    return (
        data[:12]
        + size.to_bytes(4, "big", signed=True)
        + data[16:22]
        + sums.to_bytes(2, "big")
    )


# What there is.


def test_the_numbers_are_those_of_pyro4() -> None:
    kinds = ("CONNECT", "CONNECTOK", "CONNECTFAIL", "INVOKE", "RESULT", "PING")
    assert [getattr(message, f"MSG_{kind}") for kind in kinds] == [1, 2, 3, 4, 5, 6]
    flags = (
        "EXCEPTION",
        "COMPRESSED",
        "ONEWAY",
        "BATCH",
        "META_ON_CONNECT",
        "ITEMSTREAMRESULT",
        "KEEPSERIALIZED",
    )
    assert [getattr(message, f"FLAGS_{flag}") for flag in flags] == [1, 2, 4, 8, 16, 32, 64]
    assert (Message.header_format, Message.header_size) == ("!4sHHHHiHHHH", 24)
    assert Message.checksum_magic == 0x34E9
    assert message.__all__ == ["Message", "secure_compare"]


def test_secrets_are_compared_in_constant_time() -> None:
    assert secure_compare(b"abc", b"abc")
    assert not secure_compare(b"abc", b"abd")


def test_a_message_shows_what_it_is() -> None:
    new = Message(message.MSG_INVOKE, b"abc", 1, 0, 5, {"ABCD": b"xx"})
    assert (new.type, new.flags, new.seq, new.serializer_id) == (4, 0, 5, 1)
    assert (new.data, new.data_size) == (b"abc", 3)
    assert (new.annotations, new.annotations_size) == ({"ABCD": b"xx"}, 8)
    assert new.hmac_key is None
    where = f"{id(new):x}"  # without 0x, as the real one has it
    text = f"<Pyro4.message.Message at {where}; type=4 flags=0 seq=5 datasize=3 #ann=1>"
    assert repr(new) == text
    assert not hasattr(new, "__dict__")


# Sending.


def test_the_bytes_are_those_of_pyro4() -> None:
    assert PLAIN == (
        b"PYRO\x000\x00\x04\x00\x00\x00\x05\x00\x00\x00\x03\x00\x01\x00\x08\x00\x005."
        b"ABCD\x00\x02xxabc"
    )
    stub = Stub()
    Message(message.MSG_INVOKE, b"abc", 1, 0, 5, {"ABCD": b"xx"}).send(stub)
    assert stub.sent == PLAIN


def test_a_message_is_signed_when_it_is_made_and_the_annotations_stay_as_they_were() -> (
    None
):
    given = {"AAAA": b"1"}
    new = Message(1, b"payload", 1, 2, 3, given, hmac_key=b"key")
    assert new.annotations["HMAC"].hex() == "44529f8f7183e33bfe9a2d3e72a4f87c2087dcaf"
    assert new.hmac() == new.annotations["HMAC"]
    assert (new.annotations_size, new.data_size) == (33, 7)
    assert given == {"AAAA": b"1"}


def test_any_type_and_data_will_do() -> None:
    assert Message(99, memoryview(b"x"), 1, 0, 0).to_bytes().endswith(b"x")
    assert Message(99, bytearray(b"x"), 1, 0, 0, None, b"").annotations == {}
    with pytest.raises(TypeError):
        Message(1, None, 1, 0, 0)


@pytest.mark.parametrize(
    "annotations",
    [
        {"ABC": b""},
        {"ABCDE": b""},
        {"ABC\xe4": b""},
        {"ABCD": "text"},
        {"ABCD": bytes(65530)},
    ],
)
def test_annotations_that_cannot_be_sent_are_an_error(annotations: dict[str, Any]) -> None:
    with pytest.raises(errors.ProtocolError):
        Message(1, b"", 1, 0, 0, annotations).to_bytes()
    text = r"^annotation key must be of length 4$"
    if [*annotations] == ["ABC"]:
        with pytest.raises(errors.ProtocolError, match=text):
            Message(1, b"", 1, 0, 0, annotations).to_bytes()


def test_the_limit_holds_for_data_and_annotations_together_and_at_once() -> None:
    config.MAX_MESSAGE_SIZE = 10
    Message(1, b"xxxx", 1, 0, 0, {"ABCD": b""})
    text = r"^max message size exceeded \(11 where max=10\)$"
    with pytest.raises(errors.MessageTooLargeError, match=text):
        Message(1, b"xxxxx", 1, 0, 0, {"ABCD": b""})
    config.MAX_MESSAGE_SIZE = 0
    Message(1, bytes(100_000), 1, 0, 0)


# Receiving.


def test_a_message_is_read_in_three_pieces_of_just_their_size() -> None:
    stub = Stub(PLAIN + b"more")
    came = Message.recv(stub)
    assert stub.asked == [24, 8, 3]
    assert (came.type, came.seq, came.data) == (4, 5, b"abc")
    assert came.annotations == {"ABCD": b"xx"}
    assert (came.data_size, came.annotations_size) == (3, 8)


def test_types_can_be_required_and_what_came_instead_is_told() -> None:
    assert Message.recv(Stub(PLAIN), [4, 5]).seq == 5
    assert Message.recv(Stub(PLAIN), []).seq == 5
    stub = Stub(PLAIN)
    with pytest.raises(
        errors.ProtocolError, match=r"^invalid msg type 4 received$"
    ) as caught:
        Message.recv(stub, [1])
    assert vars(caught.value)["pyroMsg"].seq == 5
    assert stub.asked == [24]
    assert not stub.closed


@pytest.mark.parametrize(
    ("data", "key", "text"),
    [
        (PLAIN, b"k", "hmac key config not symmetric"),
        (SIGNED, None, "hmac key config not symmetric"),
        (SIGNED, b"z", "message hmac mismatch"),
        (SIGNED[:-1] + b"d", b"k", "message hmac mismatch"),
    ],
)
def test_signatures_are_there_and_right_or_not_there(
    data: bytes, key: bytes | None, text: str
) -> None:
    with pytest.raises(errors.SecurityError, match=f"^{text}$") as caught:
        Message.recv(Stub(data), hmac_key=key)
    assert vars(caught.value)["pyroMsg"].seq == 5


def test_a_key_is_kept_with_what_it_signed() -> None:
    came = Message.recv(Stub(SIGNED), hmac_key=b"k")
    assert came.hmac_key == b"k"
    assert came.hmac() == came.annotations["HMAC"]


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (b"", "header data size mismatch"),
        (PLAIN[:23], "header data size mismatch"),
        (PLAIN[:25], "header data size mismatch"),
        (b"GET " + PLAIN[4:24], "invalid data or unsupported protocol version"),
        (b"PYRO\0\x2f" + PLAIN[6:24], "invalid data or unsupported protocol version"),
        (PLAIN[:22] + b"\0\0", "header checksum mismatch"),
        (with_size(-1), "invalid payload size: -1"),
    ],
)
def test_what_is_no_header_is_an_error(header: bytes, text: str) -> None:
    with pytest.raises(errors.ProtocolError, match=f"^{text}$"):
        Message.from_header(header)


def test_a_header_makes_a_message_without_data() -> None:
    head = Message.from_header(PLAIN[:24])
    assert (head.type, head.data_size, head.annotations_size) == (4, 3, 8)
    assert (head.data, head.annotations) == (b"", {})


def test_the_connection_is_closed_on_what_is_too_large() -> None:
    config.MAX_MESSAGE_SIZE = 10
    stub = Stub(PLAIN)
    with pytest.raises(errors.MessageTooLargeError, match="11 where max=10") as caught:
        Message.recv(stub)
    assert stub.closed
    assert stub.asked == [24]
    assert vars(caught.value)["pyroMsg"].seq == 5
    config.MAX_MESSAGE_SIZE = 11
    assert Message.recv(Stub(PLAIN)).data == b"abc"


@given(data=mutations(PLAIN) | mutations(SIGNED))
def test_whatever_comes_is_a_message_or_an_error_of_ours(data: bytes) -> None:
    for key in (None, b"k"):
        try:
            Message.recv(Stub(data), hmac_key=key).decompress_if_needed()
        except (errors.CommunicationError, errors.SecurityError):
            continue


# Compression.


def test_data_stay_compressed_until_they_are_asked_for() -> None:
    flags = message.FLAGS_COMPRESSED | message.FLAGS_BATCH
    came = Message.recv(Stub(Message(5, zlib.compress(bytes(500)), 1, flags, 1).to_bytes()))
    assert came.flags == flags
    assert came.decompress_if_needed() is came
    assert (came.flags, came.data, came.data_size) == (message.FLAGS_BATCH, bytes(500), 500)
    assert came.decompress_if_needed().data_size == 500


def test_what_is_damaged_or_too_large_is_not_decompressed() -> None:
    with pytest.raises(errors.ProtocolError, match="damaged"):
        Message(5, b"nothing", 1, message.FLAGS_COMPRESSED, 1).decompress_if_needed()
    config.MAX_MESSAGE_SIZE = 499
    large = Message(5, zlib.compress(bytes(500)), 1, message.FLAGS_COMPRESSED, 1)
    with pytest.raises(errors.MessageTooLargeError):
        large.decompress_if_needed()


# Pings.


@pytest.mark.parametrize("key", [None, b"k"])
def test_a_ping_waits_for_its_answer(key: bytes | None) -> None:
    stub = Stub(Message(message.MSG_PING, b"pong", 42, 0, 0, hmac_key=key).to_bytes())
    Message.ping(stub, hmac_key=key)
    ping = Message.recv(Stub(stub.sent), [message.MSG_PING], key)
    assert (ping.data, ping.serializer_id, ping.seq) == (b"ping", 42, 0)


def test_a_ping_that_is_answered_with_something_else_is_an_error() -> None:
    with pytest.raises(errors.ProtocolError, match="invalid msg type 5"):
        Message.ping(Stub(Message(message.MSG_RESULT, b"", 42, 0, 0).to_bytes()))
