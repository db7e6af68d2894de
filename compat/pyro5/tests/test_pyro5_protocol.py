"""Messages, made and read by hand."""

from __future__ import annotations

import logging
import struct
import uuid
import zlib
from collections.abc import Callable
from typing import Any

import pytest

import Pyro5
from Pyro5 import errors, protocol
from Pyro5.callcontext import current_context
from Pyro5.protocol import ReceivingMessage, SendingMessage, recv_stub

HEADER = bytes.fromhex(
    "5059524f 01f6 04 03 00fd ffff 00000003 0000000a"
    "00000000000000000000000000000000 0000 4dc5"
)
NOT_FOUR = "annotation identifier must be 4 ascii characters"


class Line:
    """A connection that has certain bytes, and no more."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[int] = []
        self.sent = b""

    def recv(self, size: int) -> bytes:
        """Give the next bytes."""
        self.asked.append(size)
        data, self.data = self.data[:size], self.data[size:]
        return data

    def send(self, data: bytes) -> None:
        """Take bytes."""
        self.sent += data


def read(message: SendingMessage) -> ReceivingMessage:
    """Return what arrives where *message* is sent."""
    return ReceivingMessage(message.data[:40], message.data[40:])


def test_all_flags_but_the_one_for_compression_are_sent_as_given() -> None:
    message = SendingMessage(protocol.MSG_INVOKE, 255, 65535, 3, b"abc", {"ABCD": b"xx"})
    assert message.data == HEADER + b"ABCD\0\0\0\x02xxabc"
    assert (message.type, message.flags, message.seq) == (4, 253, 65535)
    assert read(message).flags == 253
    assert repr(message) == (
        f"<Pyro5.protocol.SendingMessage at 0x{id(message):x}; "
        "type=4 flags=253 seq=65535 size=53>"
    )


def test_a_message_without_payload_is_its_header() -> None:
    assert len(SendingMessage(42, 0, 0, 0, b"").data) == protocol._header_size == 40


def test_data_is_the_payload_itself_or_a_view_behind_annotations() -> None:
    sent = SendingMessage(protocol.MSG_RESULT, 0, 1, 1, b"abc", {"ABCD": b"xx"})
    message: Any = ReceivingMessage(sent.data[:40])
    assert not message.data
    message.add_payload(sent.data[40:])
    assert type(message.data) is memoryview
    assert bytes(message.data) == b"abc"
    assert type(message.annotations["ABCD"]) is memoryview
    assert message.annotations == {"ABCD": b"xx"}
    payload = b"abc"
    bare = SendingMessage(protocol.MSG_RESULT, 0, 1, 1, payload)
    assert ReceivingMessage(bare.data[:40], payload).data is payload


@pytest.mark.parametrize(
    ("annotations", "error", "args"),
    [
        ({"ABC": b""}, errors.ProtocolError, (NOT_FOUR,)),
        ({"ABCDE": b""}, errors.ProtocolError, (NOT_FOUR,)),
        (
            {"ABCD": "text"},
            errors.ProtocolError,
            ("annotation data must be bytes, bytearray, or memoryview", str),
        ),
        ({"ABC\xe9": b""}, UnicodeEncodeError, None),
    ],
)
def test_annotations_are_bytes_by_four_ascii_characters(
    annotations: Any, error: type[Exception], args: Any
) -> None:
    with pytest.raises(error) as caught:
        SendingMessage(protocol.MSG_INVOKE, 0, 1, 1, b"", annotations)
    assert args is None or caught.value.args == args


def test_payloads_of_more_than_100_bytes_are_compressed_if_configured() -> None:
    Pyro5.config.COMPRESSION = True
    plain, packed = (
        SendingMessage(protocol.MSG_RESULT, 0, 1, 1, b"a" * size) for size in (100, 101)
    )
    assert (plain.flags, len(plain.data)) == (0, 140)
    assert packed.flags == protocol.FLAGS_COMPRESSED
    assert packed.data[40:] == zlib.compress(b"a" * 101, 4)
    Pyro5.config.COMPRESSION = False
    message = ReceivingMessage(packed.data[:40])
    assert message.flags == protocol.FLAGS_COMPRESSED
    message.add_payload(packed.data[40:])
    assert (message.flags, message.data_size, message.data) == (0, 101, b"a" * 101)


def test_the_size_limit_counts_at_once_for_both_directions() -> None:
    sent = SendingMessage(protocol.MSG_RESULT, 0, 1, 1, b"a" * 3, {"ABCD": b""})
    Pyro5.config.MAX_MESSAGE_SIZE = 11
    read(sent)
    Pyro5.config.MAX_MESSAGE_SIZE = 10
    for attempt in (
        lambda: SendingMessage(protocol.MSG_RESULT, 0, 1, 1, b"a" * 11),
        lambda: ReceivingMessage(sent.data[:40]),
    ):
        with pytest.raises(errors.MessageTooLargeError) as caught:
            attempt()
        assert str(caught.value) == "message too large (11, max=10)"
        assert isinstance(caught.value, errors.ProtocolError)


def test_the_limit_holds_for_what_is_inflated() -> None:
    Pyro5.config.COMPRESSION = True
    sent = SendingMessage(protocol.MSG_RESULT, 0, 1, 1, b"a" * 1000)
    Pyro5.config.MAX_MESSAGE_SIZE = 999
    with pytest.raises(errors.MessageTooLargeError, match="message too large"):
        read(sent)


def test_the_correlation_id_of_the_context_goes_along() -> None:
    current_context.correlation_id = uuid.UUID(int=5)
    sent = SendingMessage(protocol.MSG_RESULT, 0, 1, 1, b"")
    assert sent.flags == protocol.FLAGS_CORR_ID
    assert read(sent).corr_id == sent.corr_id == uuid.UUID(int=5).bytes


def altered(position: int, value: bytes) -> bytes:
    """Return the header with other bytes somewhere."""
    return HEADER[:position] + value + HEADER[position + len(value) :]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (altered(0, b"X"), "invalid data"),
        (altered(4, b"\0\x01"), "invalid protocol version: 1"),
        (altered(38, b"\0\0"), "invalid magic number"),
    ],
)
def test_what_is_no_message_is_refused(data: bytes, text: str) -> None:
    with pytest.raises(errors.ProtocolError) as caught:
        ReceivingMessage.validate(data)
    assert str(caught.value) == text
    with pytest.raises(errors.ProtocolError) as caught:
        ReceivingMessage(data)
    assert str(caught.value) == f"invalid message or protocol version: {text}"


def test_validate_looks_at_what_is_there() -> None:
    for size in (4, 5, 6, 39, 40):
        ReceivingMessage.validate(HEADER[:size])
    with pytest.raises(ValueError, match="at least 4 bytes"):
        ReceivingMessage.validate(HEADER[:3])
    with pytest.raises(struct.error):
        ReceivingMessage(HEADER[:39])


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (b"x" * 12, "payload length doesn't match message header"),
        (b"ABCD\0\0\0\x03xxabc", "annotation b'ABCD' ends early"),
        (b"\xff\xff\xff\xff\0\0\0\x02xxabc", "annotation name .* is not ASCII"),
    ],
)
def test_damaged_payloads_are_refused(payload: bytes, text: str) -> None:
    with pytest.raises(errors.ProtocolError, match=text):
        ReceivingMessage(altered(8, b"\0\0"), payload)


def test_damaged_compression_is_refused() -> None:
    with pytest.raises(errors.ProtocolError, match="compressed payload"):
        ReceivingMessage(altered(8, b"\0\x02"), b"ABCD\0\0\0\x02xxabc")


def test_a_payload_is_added_once() -> None:
    message = ReceivingMessage(HEADER, b"ABCD\0\0\0\x02xxabc"[:12] + b"c")
    with pytest.raises(AssertionError):
        message.add_payload(b"")


def test_reading_asks_for_the_version_first() -> None:
    sent = SendingMessage(protocol.MSG_INVOKE, 0, 1, 3, b"abc", {"ABCD": b"xx"})
    line = Line(sent.data + b"more")
    message = recv_stub(line)
    assert line.asked == [6, 34, 13]
    assert (bytes(message.data), line.data) == (b"abc", b"more")
    line = Line(b"HTTP/1.1 400 Bad Request")
    with pytest.raises(errors.ProtocolError, match="invalid data"):
        recv_stub(line)
    assert line.asked == [6]


def test_an_unexpected_message_is_left_unread_and_shown() -> None:
    line = Line(SendingMessage(protocol.MSG_INVOKE, 0, 9, 3, b"abc").data)
    with pytest.raises(errors.ProtocolError) as caught:
        recv_stub(line, [protocol.MSG_RESULT, protocol.MSG_PING])
    assert str(caught.value) == "invalid msg type 4 received (expected: 5,6)"
    message: Any = caught.value.pyroMsg  # type: ignore[attr-defined]
    assert (message.seq, message.data) == (9, None)
    assert line.data == b"abc"
    assert "size=0>" in repr(message)


def test_a_ping_is_answered_with_a_ping() -> None:
    line = Line(SendingMessage(protocol.MSG_PING, 0, 0, 42, b"pong").data)
    SendingMessage.ping(line)
    assert line.sent == SendingMessage(protocol.MSG_PING, 0, 0, 42, b"ping").data
    with pytest.raises(errors.ProtocolError, match=r"invalid msg type 5 .*expected: 6"):
        SendingMessage.ping(Line(SendingMessage(protocol.MSG_RESULT, 0, 0, 1, b"").data))


@pytest.mark.parametrize("whole", [read, lambda m: ReceivingMessage(m.data[:40])])
def test_messages_are_logged_in_full(
    whole: Callable[[Any], Any], caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("Pyro5.test")
    message = whole(SendingMessage(protocol.MSG_RESULT, 1, 7, 2, b"abc"))
    with caplog.at_level(logging.DEBUG, "Pyro5.test"):
        protocol.log_wiredata(logger, "got", message)
    assert caplog.messages == [
        "got: msgtype=5 flags=0x1 ser=2 seq=7 num_annotations=0 "
        f"corr_id={uuid.UUID(int=0)}\ndata={bytes(message.data or b'')!r}"
    ]
