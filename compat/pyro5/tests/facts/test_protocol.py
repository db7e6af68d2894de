"""Messages, byte by byte."""

import logging
import struct
import uuid
import zlib

import pytest

from Pyro5 import config, protocol
from Pyro5.callcontext import current_context
from Pyro5.errors import ConnectionClosedError, ProtocolError
from Pyro5.protocol import ReceivingMessage, SendingMessage, recv_stub

CORRELATION = uuid.UUID("01234567-89ab-cdef-0123-456789abcdef")
HEADER = struct.Struct("!4sHBBHHII16sHH")


def received(message):
    """Return *message* as the other side has it."""
    return ReceivingMessage(message.data[:40], message.data[40:])


def test_the_bytes_of_a_message_without_payload():
    message = SendingMessage(protocol.MSG_CONNECT, 0, 7, 2, b"")
    assert len(message.data) == 40
    assert message.data == HEADER.pack(
        b"PYRO", 502, 1, 2, 0, 7, 0, 0, b"\0" * 16, 0, 0x4DC5
    )


def test_the_bytes_of_a_full_message():
    current_context.correlation_id = CORRELATION
    notes = {"ABCD": b"one", "EFGH": b""}
    message = SendingMessage(protocol.MSG_INVOKE, 5, 65535, 1, b"payload", notes)
    expected = HEADER.pack(
        b"PYRO", 502, 4, 1, 5 | 64, 65535, 7, 19, CORRELATION.bytes, 0, 0x4DC5
    )
    expected += b"ABCD\0\0\0\3one" + b"EFGH\0\0\0\0" + b"payload"
    assert message.data == expected
    assert isinstance(message.data, bytes)


def test_attributes_of_a_message_to_send():
    message = SendingMessage(protocol.MSG_RESULT, 1, 3, 4, b"x")
    assert (message.type, message.flags, message.seq) == (5, 1, 3)
    assert message.serializer_id == 4
    assert message.corr_id == b"\0" * 16
    current_context.correlation_id = CORRELATION
    assert SendingMessage(5, 0, 0, 0, b"").corr_id == CORRELATION.bytes
    assert SendingMessage(5, 0, 0, 0, b"").flags == protocol.FLAGS_CORR_ID


def test_attributes_of_a_received_message():
    current_context.correlation_id = CORRELATION
    message = received(SendingMessage(4, 8, 9, 3, b"hello", {"NOTE": b"abc"}))
    assert (message.type, message.flags, message.seq) == (4, 8 | 64, 9)
    assert message.serializer_id == 3
    assert message.data_size == 5
    assert message.annotations_size == 11
    assert message.corr_id == CORRELATION.bytes
    assert message.annotations == {"NOTE": b"abc"}
    assert message.data == b"hello"


def test_data_is_bytes_or_with_annotations_a_view():
    assert type(received(SendingMessage(4, 0, 0, 1, b"x")).data) is bytes
    message = received(SendingMessage(4, 0, 0, 1, b"x", {"NOTE": b"abc"}))
    assert type(message.data) is memoryview
    assert type(message.annotations["NOTE"]) is memoryview
    assert bytes(message.annotations["NOTE"]) == b"abc"


def test_without_annotations_data_is_the_object_that_was_given():
    message = SendingMessage(4, 0, 0, 1, b"hello")
    payload = message.data[40:]
    assert ReceivingMessage(message.data[:40], payload).data is payload


def test_a_payload_can_come_later():
    message = SendingMessage(4, 0, 0, 1, b"hello", {"NOTE": b"abc"})
    arriving = ReceivingMessage(message.data[:40])
    assert arriving.data is None
    assert arriving.annotations == {}
    assert arriving.data_size == 5
    arriving.add_payload(message.data[40:])
    assert arriving.data == b"hello"
    assert arriving.annotations == {"NOTE": b"abc"}


@pytest.mark.parametrize(
    "payload",
    [b"hello", bytearray(b"hello"), memoryview(b"hello"), memoryview(b"xhellox")[1:6]],
)
def test_kinds_of_payloads(payload):
    assert received(SendingMessage(4, 0, 0, 1, payload)).data == b"hello"


@pytest.mark.parametrize(
    "value",
    [b"abc", bytearray(b"abc"), memoryview(b"abc")],
    ids=lambda value: type(value).__name__,
)
def test_kinds_of_annotations(value):
    message = received(SendingMessage(4, 0, 0, 1, b"", {"NOTE": value}))
    assert message.annotations == {"NOTE": b"abc"}


@pytest.mark.parametrize(
    ("flags", "arrives"), [(255, 253), (2, 0), (65535, 65533), (128, 128)]
)
def test_flags_are_kept_but_for_compressed(flags, arrives):
    message = SendingMessage(4, flags, 0, 1, b"x")
    assert message.flags == arrives
    assert received(message).flags == arrives


@pytest.mark.parametrize("kind", [0, 1, 7, 99, 255])
def test_types_are_not_checked(kind):
    assert received(SendingMessage(kind, 0, 0, 1, b"x")).type == kind


def test_long_payloads_are_compressed():
    config.COMPRESSION = True
    short = SendingMessage(4, 0, 0, 1, b"x" * 100)
    assert (short.flags, len(short.data)) == (0, 140)
    long = SendingMessage(4, 0, 0, 1, b"x" * 101, {"NOTE": b"y" * 50})
    assert long.flags == protocol.FLAGS_COMPRESSED
    packed = zlib.compress(b"x" * 101, 4)
    assert long.data[40:] == b"NOTE\0\0\0\x32" + b"y" * 50 + packed
    message = ReceivingMessage(long.data[:40])
    assert message.flags & protocol.FLAGS_COMPRESSED
    assert message.data_size == len(packed)
    message.add_payload(long.data[40:])
    assert message.flags == 0
    assert message.data_size == 101
    assert message.data == b"x" * 101


def test_decompressing_does_not_need_the_setting():
    config.COMPRESSION = True
    message = SendingMessage(4, 255, 0, 1, b"x" * 1000)
    assert message.flags == 255
    config.COMPRESSION = False
    arrived = received(message)
    assert arrived.data == b"x" * 1000
    assert arrived.flags == 253


@pytest.mark.parametrize("name", ["", "abc", "abcde"])
def test_names_of_annotations(name):
    with pytest.raises(
        ProtocolError, match="annotation identifier must be 4 ascii characters"
    ):
        SendingMessage(4, 0, 0, 1, b"", {name: b"x"})


def test_annotation_names_are_ascii():
    with pytest.raises(UnicodeEncodeError):
        SendingMessage(4, 0, 0, 1, b"", {"abc\u20ac": b"x"})


@pytest.mark.parametrize("value", ["text", [1], (b"x",)])
def test_annotation_data_is_bytes(value):
    with pytest.raises(ProtocolError) as info:
        SendingMessage(4, 0, 0, 1, b"", {"NOTE": value})
    text = "annotation data must be bytes, bytearray, or memoryview"
    assert info.value.args == (text, type(value))


def test_the_size_limit_when_sending():
    config.MAX_MESSAGE_SIZE = 20
    SendingMessage(4, 0, 0, 1, b"x" * 20)
    with pytest.raises(ProtocolError, match=r"message too large \(21, max=20\)"):
        SendingMessage(4, 0, 0, 1, b"x" * 21)
    SendingMessage(4, 0, 0, 1, b"x" * 10, {"NOTE": b"xx"})
    with pytest.raises(ProtocolError, match=r"message too large \(21, max=20\)"):
        SendingMessage(4, 0, 0, 1, b"x" * 10, {"NOTE": b"xxx"})


def test_the_size_limit_when_receiving():
    message = SendingMessage(4, 0, 0, 1, b"x" * 21)
    config.MAX_MESSAGE_SIZE = 21
    ReceivingMessage(message.data[:40])
    config.MAX_MESSAGE_SIZE = 20
    with pytest.raises(ProtocolError, match=r"message too large \(21, max=20\)"):
        ReceivingMessage(message.data[:40])


def test_annotations_count_when_receiving():
    message = SendingMessage(4, 0, 0, 1, b"x" * 10, {"NOTE": b"xx"})
    config.MAX_MESSAGE_SIZE = 20
    ReceivingMessage(message.data[:40])
    config.MAX_MESSAGE_SIZE = 19
    with pytest.raises(ProtocolError, match="message too large"):
        ReceivingMessage(message.data[:40])


@pytest.mark.fixed("3")
def test_too_large_has_its_own_class():
    from Pyro5.errors import MessageTooLargeError

    config.MAX_MESSAGE_SIZE = 20
    with pytest.raises(MessageTooLargeError):
        SendingMessage(4, 0, 0, 1, b"x" * 21)


@pytest.mark.parametrize("data", [b"", b"P", b"PYR"])
def test_validating_needs_four_bytes(data):
    with pytest.raises(ValueError, match="data must be at least 4 bytes"):
        ReceivingMessage.validate(data)


GOOD = SendingMessage(4, 0, 0, 1, b"x").data


@pytest.mark.parametrize("size", [4, 5, 6, 7, 37, 38, 39, 40, 41])
def test_validating_what_is_there(size):
    assert ReceivingMessage.validate(GOOD[:size]) is None
    ReceivingMessage.validate(bytearray(GOOD[:size]))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"JUNK", "invalid data"),
        (b"JUNK" + GOOD[4:], "invalid data"),
        (b"pyro", "invalid data"),
        (b"PYRO\0\1", "invalid protocol version: 1"),
        (b"PYRO\1\xf5" + GOOD[6:], "invalid protocol version: 501"),
        (GOOD[:38] + b"\0\0", "invalid magic number"),
    ],
)
def test_validating_junk(data, text):
    with pytest.raises(ProtocolError, match=f"^{text}$"):
        ReceivingMessage.validate(data)


@pytest.mark.parametrize(
    "data",
    [b"JUNK" + GOOD[4:40], GOOD[:4] + b"\0\1" + GOOD[6:40], GOOD[:38] + b"\0\0"],
    ids=["tag", "version", "magic"],
)
def test_bad_headers(data):
    with pytest.raises(ProtocolError, match="invalid"):
        ReceivingMessage(data)


def test_magic_and_version_are_what_is_wrong(wire):
    with pytest.raises(ProtocolError, match="magic number"):
        ReceivingMessage.validate(GOOD[:38] + b"\0\0")
    with pytest.raises(ProtocolError, match="protocol version"):
        recv_stub(wire(GOOD[:4] + b"\0\1" + GOOD[6:]))


@pytest.mark.parametrize("kind", [SendingMessage, ReceivingMessage])
def test_repr(kind):
    message = SendingMessage(4, 8, 9, 1, b"hello")
    size = 45
    if kind is ReceivingMessage:
        message, size = received(message), 5
    expected = f"<Pyro5.protocol.{kind.__name__} at 0x{id(message):x}; "
    assert repr(message) == expected + f"type=4 flags=8 seq=9 size={size}>"
    assert str(message) == repr(message)


def test_receiving_from_what_has_only_recv(wire):
    connection = wire(GOOD, b"rest")
    message = recv_stub(connection)
    assert message.data == b"x"
    assert connection.incoming == b"rest"


def test_receiving_with_the_right_type(wire):
    assert recv_stub(wire(GOOD), [4]).type == 4
    assert recv_stub(wire(GOOD), [6, 4]).type == 4


def test_receiving_with_the_wrong_type(wire):
    connection = wire(GOOD)
    text = r"invalid msg type 4 received \(expected: 5,6\)"
    with pytest.raises(ProtocolError, match=text) as info:
        recv_stub(connection, [5, 6])
    assert info.value.pyroMsg.type == 4
    assert connection.incoming == b"x"


def test_receiving_junk(wire):
    with pytest.raises(ProtocolError):
        recv_stub(wire(b"GET / HTTP/1.1" + b"x" * 40))


def test_the_head_is_validated_before_more_is_read():
    sizes = []

    class Connection:
        def recv(self, size):
            sizes.append(size)
            return b"JUNKJUNK"[:size]

    with pytest.raises(ProtocolError):
        recv_stub(Connection())
    assert sizes == [6]


def test_receiving_a_part(wire):
    with pytest.raises(ConnectionClosedError):
        recv_stub(wire(GOOD[:20]))


def test_several_annotations_arrive_in_order(wire):
    notes = {f"N{number:03}": bytes([number]) * number for number in range(20)}
    message = recv_stub(wire(SendingMessage(4, 0, 0, 1, b"x", notes).data))
    assert list(message.annotations) == list(notes)
    assert message.annotations == notes


def test_ping(wire):
    connection = wire(SendingMessage(protocol.MSG_PING, 0, 0, 42, b"pong").data)
    assert SendingMessage.ping(connection) is None
    assert connection.sent == SendingMessage(protocol.MSG_PING, 0, 0, 42, b"ping").data


def test_ping_wants_a_ping(wire):
    connection = wire(SendingMessage(protocol.MSG_RESULT, 0, 0, 42, b"pong").data)
    with pytest.raises(ProtocolError):
        SendingMessage.ping(connection)


def test_logging_of_messages(caplog):
    logger = logging.getLogger("facts.wire")
    with caplog.at_level(logging.DEBUG, "facts.wire"):
        current_context.correlation_id = CORRELATION
        message = received(SendingMessage(4, 8, 9, 1, b"hello", {"NOTE": b"abc"}))
        protocol.log_wiredata(logger, "some text", message)
    (record,) = caplog.records
    assert record.levelno == logging.DEBUG
    text = record.getMessage()
    assert text.startswith("some text: msgtype=4 flags=0x48 ser=1 seq=9 num_annotations=1 ")
    assert f"corr_id={CORRELATION}\ndata=b'hello'" in text
