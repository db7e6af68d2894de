"""Messages: bytes, limits, annotations, keys, receiving, pinging."""

import hashlib
import hmac
import struct
import uuid
import zlib

import pytest

from Pyro4 import config, constants, errors, message
from Pyro4.core import current_context
from Pyro4.errors import MessageTooLargeError, ProtocolError, SecurityError
from Pyro4.message import Message

GOOD = Message(4, b"hello", 1, 0, 5).to_bytes()
NOTED = Message(4, b"hello", 1, 0, 5, {"ABCD": b"abc"}).to_bytes()


def header(kind=4, flags=0, seq=5, size=0, serializer=1, notes=0, **other):
    """Return a header made by hand."""
    tag, version = other.get("tag", b"PYRO"), other.get("version", 48)
    checksum = other.get("checksum")
    if checksum is None:
        checksum = kind + version + size + notes + serializer + flags + seq + 0x34E9
    return struct.pack(
        "!4sHHHHiHHHH",
        *(tag, version, kind, flags, seq, size, serializer, notes),
        *(other.get("reserved", 0), checksum & 0xFFFF),
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MSG_CONNECT", 1),
        ("MSG_CONNECTOK", 2),
        ("MSG_CONNECTFAIL", 3),
        ("MSG_INVOKE", 4),
        ("MSG_RESULT", 5),
        ("MSG_PING", 6),
        ("FLAGS_EXCEPTION", 1),
        ("FLAGS_COMPRESSED", 2),
        ("FLAGS_ONEWAY", 4),
        ("FLAGS_BATCH", 8),
        ("FLAGS_META_ON_CONNECT", 16),
        ("FLAGS_ITEMSTREAMRESULT", 32),
        ("FLAGS_KEEPSERIALIZED", 64),
    ],
)
def test_numbers(name, value):
    assert getattr(message, name) == value


def test_other_numbers():
    assert constants.PROTOCOL_VERSION == 48
    assert Message.header_size == 24
    assert struct.calcsize(Message.header_format) == 24
    assert Message.checksum_magic == 0x34E9


def test_bytes():
    assert (
        bytes.fromhex("5059524f003000040000000500000005000100000000352868656c6c6f") == GOOD
    )
    assert header(size=5, notes=9) + b"ABCD\0\3abchello" == NOTED


def test_attributes():
    made = Message(4, b"hello", 1, 9, 5, {"ABCD": b"abc"})
    assert (made.type, made.flags, made.seq, made.serializer_id) == (4, 9, 5, 1)
    assert (made.data, made.data_size) == (b"hello", 5)
    assert (made.annotations, made.annotations_size) == ({"ABCD": b"abc"}, 9)
    assert made.hmac_key is None


def test_text():
    made = Message(4, b"hello", 1, 8, 9, {"ABCD": b"abc"})
    assert repr(made) == (
        f"<Pyro4.message.Message at {id(made):x}; type=4 flags=8 seq=9 datasize=5 #ann=1>"
    )


def test_the_bytes_are_the_same_again():
    made = Message(4, b"hello", 1, 0, 5, {"ABCD": b"abc"}, hmac_key=b"key")
    assert made.to_bytes() == made.to_bytes()


def test_sending(wire):
    connection = wire()
    made = Message(4, b"hello", 1, 0, 5, {"ABCD": b"abc"})
    made.send(connection)
    assert connection.sent == made.to_bytes() == NOTED


@pytest.mark.parametrize("payload", [b"hello", bytearray(b"hello"), memoryview(b"hello")])
def test_kinds_of_payloads(wire, payload):
    assert Message.recv(wire(Message(4, payload, 1, 0, 5).to_bytes())).data == b"hello"


@pytest.mark.parametrize("value", [b"abc", bytearray(b"abc"), memoryview(b"abc")])
def test_kinds_of_annotations(wire, value):
    data = Message(4, b"hello", 1, 0, 5, {"ABCD": value}).to_bytes()
    assert data == NOTED
    assert Message.recv(wire(data)).annotations == {"ABCD": b"abc"}


@pytest.mark.parametrize("value", ["text", 5, None])
def test_wrong_payloads_and_annotations(value):
    with pytest.raises((TypeError, ValueError)):
        Message(4, value, 1, 0, 5).to_bytes()
    with pytest.raises((TypeError, ValueError, ProtocolError)):
        Message(4, b"x", 1, 0, 5, {"ABCD": value}).to_bytes()


@pytest.mark.parametrize("name", ["", "A", "ABC", "ABCDE"])
def test_names_of_annotations(name):
    with pytest.raises(ProtocolError, match="annotation key must be of length 4"):
        Message(4, b"x", 1, 0, 5, {name: b"x"}).to_bytes()


def test_names_of_annotations_are_ascii():
    with pytest.raises((ValueError, ProtocolError), match=r"(?i)ascii"):
        Message(4, b"x", 1, 0, 5, {"ABC\u20ac": b"x"}).to_bytes()


@pytest.mark.parametrize(
    "notes",
    [
        {"ABCD": b"x" * 65529},
        {"ABCD": b"x" * 32767, "ABCE": b"x" * 32756},
        {f"{number:04x}": b"" for number in range(10922)},
    ],
)
def test_the_most_annotations(wire, notes):
    found = Message.recv(wire(Message(4, b"x", 1, 0, 5, notes).to_bytes()))
    assert found.annotations == notes
    assert list(found.annotations) == list(notes)


@pytest.mark.parametrize(
    "notes",
    [
        {"ABCD": b"x" * 65530},
        {"ABCD": b"x" * 70000},
        {"ABCD": b"x" * 32767, "ABCE": b"x" * 32757},
    ],
)
def test_too_many_annotations(notes):
    with pytest.raises((struct.error, errors.PyroError)):
        Message(4, b"x", 1, 0, 5, notes).to_bytes()


@pytest.mark.parametrize(
    "arguments",
    [
        (70000, b"", 1, 0, 0),
        (4, b"", 70000, 0, 0),
        (4, b"", 1, 70000, 0),
        (4, b"", 1, 0, 70000),
        (-1, b"", 1, 0, 0),
    ],
)
def test_numbers_that_do_not_fit(arguments):
    with pytest.raises((struct.error, ValueError, errors.PyroError)):
        Message(*arguments).to_bytes()


@pytest.mark.parametrize(
    "arguments",
    [
        (65535, b"", 1, 0, 0),
        (4, b"", 65535, 0, 0),
        (4, b"", 1, 65533, 0),
        (4, b"", 1, 0, 65535),
    ],
)
def test_the_largest_numbers(wire, arguments):
    found = Message.recv(wire(Message(*arguments).to_bytes()))
    assert (
        found.type,
        found.data,
        found.serializer_id,
        found.flags,
        found.seq,
    ) == arguments


def test_correlation_ids():
    current_context.correlation_id = uuid.UUID(int=5)
    made = Message(4, b"x", 1, 0, 5, {"ABCD": b"x"})
    assert made.annotations == {"ABCD": b"x"}
    assert b"CORR" not in made.to_bytes()


@pytest.mark.parametrize("size", [0, 1, 1000, 70000])
def test_a_way_there_and_back(wire, size):
    made = Message(5, b"x" * size, 6, 9, 65535, {"ABCD": b"1", "EFGH": b""})
    connection = wire(made.to_bytes(), b"rest")
    found = Message.recv(connection)
    assert connection.incoming == b"rest"
    for name in ("type", "flags", "seq", "serializer_id", "data", "data_size"):
        assert getattr(found, name) == getattr(made, name)
    assert found.annotations == {"ABCD": b"1", "EFGH": b""}
    assert found.annotations_size == made.annotations_size == 13
    assert found.to_bytes() == made.to_bytes()


def test_reserved_bytes_are_ignored(wire):
    assert Message.recv(wire(header(size=1, reserved=7), b"x")).data == b"x"


@pytest.mark.parametrize("kinds", [None, [4], [6, 4], (4,), {4}])
def test_receiving_the_right_type(wire, kinds):
    assert Message.recv(wire(GOOD), kinds).type == 4
    assert Message.recv(wire(GOOD), requiredMsgTypes=kinds).data == b"hello"


@pytest.mark.parametrize("kinds", [[5], [5, 6]])
def test_receiving_the_wrong_type(wire, kinds):
    connection = wire(GOOD)
    with pytest.raises(ProtocolError, match="invalid msg type 4 received") as info:
        Message.recv(connection, kinds)
    assert info.value.pyroMsg.type == 4
    assert info.value.pyroMsg.seq == 5
    assert connection.incoming == b"hello"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"JUNK" + GOOD[4:], "invalid data or unsupported protocol version"),
        (b"pyro" + GOOD[4:], "invalid data or unsupported protocol version"),
        (header(version=47), "invalid data or unsupported protocol version"),
        (header(version=502), "invalid data or unsupported protocol version"),
        (b"GET / HTTP/1.1\r\n\r\n              ", "invalid data or unsupported protocol"),
        (b"\0" * 100, "invalid data or unsupported protocol version"),
        (header(checksum=0), "header checksum mismatch"),
        (GOOD[:6] + b"\0\5" + GOOD[8:], "header checksum mismatch"),
    ],
)
def test_bad_headers(wire, data, text):
    with pytest.raises(ProtocolError, match=text):
        Message.recv(wire(data))
    with pytest.raises(ProtocolError, match=text):
        Message.from_header(data[:24])


def test_the_version_is_checked_before_the_sum(wire):
    with pytest.raises(ProtocolError, match="unsupported protocol version"):
        Message.recv(wire(header(version=47, checksum=0)))


@pytest.mark.parametrize("size", [0, 1, 23, 25])
def test_headers_have_their_size(size):
    with pytest.raises(ProtocolError, match="header data size mismatch"):
        Message.from_header((GOOD + GOOD)[:size])


def test_a_header_alone():
    made = Message.from_header(NOTED[:24])
    assert (made.type, made.flags, made.seq, made.serializer_id) == (4, 0, 5, 1)
    assert (made.data_size, made.annotations_size) == (5, 9)


@pytest.mark.parametrize("size", [0, 10, 23, 24, 25, 28])
def test_messages_that_end_early(wire, size):
    with pytest.raises(errors.ConnectionClosedError):
        Message.recv(wire(GOOD[:size]))


def test_annotations_that_end_early(wire):
    with pytest.raises((struct.error, ProtocolError)):
        Message.recv(wire(NOTED[:28] + b"\0\1" + NOTED[30:]))


def test_only_recv_is_needed():
    class Connection:
        def __init__(self):
            self.data = NOTED

        def recv(self, size):
            chunk, self.data = self.data[:size], self.data[size:]
            return chunk

    assert Message.recv(Connection()).annotations == {"ABCD": b"abc"}


# Sizes and compression.


def test_no_limit_at_first(wire):
    assert config.MAX_MESSAGE_SIZE == 0
    assert (
        Message.recv(wire(Message(4, b"x" * 500_000, 1, 0, 5).to_bytes())).data_size
        == 500_000
    )


@pytest.mark.parametrize(("size", "notes"), [(20, {}), (10, {"ABCD": b"xxxx"})])
def test_the_limit_is_inclusive(wire, size, notes):
    config.MAX_MESSAGE_SIZE = 20
    data = Message(4, b"x" * size, 1, 0, 5, notes).to_bytes()
    assert Message.recv(wire(data)).data_size == size


@pytest.mark.parametrize(("size", "notes"), [(21, {}), (10, {"ABCD": b"xxxxx"})])
def test_too_large_to_send(wire, size, notes):
    config.MAX_MESSAGE_SIZE = 20
    connection = wire()
    with pytest.raises(
        MessageTooLargeError, match=r"max message size exceeded \(21 where max=20\)"
    ):
        Message(4, b"x" * size, 1, 0, 5, notes).send(connection)
    assert connection.sent == b""


@pytest.mark.parametrize(("size", "notes"), [(21, {}), (10, {"ABCD": b"xxxxx"})])
def test_too_large_to_receive(wire, size, notes):
    connection = wire(Message(4, b"x" * size, 1, 0, 5, notes).to_bytes())
    config.MAX_MESSAGE_SIZE = 20
    with pytest.raises(
        MessageTooLargeError, match=r"max message size exceeded \(21 where max=20\)"
    ):
        Message.recv(connection)
    assert connection.closed
    assert len(connection.incoming) == 21


def test_too_large_is_a_protocol_error():
    assert issubclass(MessageTooLargeError, ProtocolError)


def test_inflating(wire):
    packed = zlib.compress(b"x" * 300)
    made = Message(4, packed, 1, message.FLAGS_COMPRESSED | message.FLAGS_BATCH, 5)
    assert (made.flags, made.data, made.data_size) == (10, packed, len(packed))
    found = Message.recv(wire(made.to_bytes()))
    assert (found.flags, found.data_size) == (10, len(packed))
    for one in (made, found):
        assert one.decompress_if_needed() in {None, one}
        assert (one.flags, one.data, one.data_size) == (8, b"x" * 300, 300)
        one.decompress_if_needed()
        assert one.data == b"x" * 300


def test_inflating_junk():
    with pytest.raises((zlib.error, ProtocolError)):
        Message(4, b"junk", 1, message.FLAGS_COMPRESSED, 5).decompress_if_needed()


def test_messages_do_not_compress_by_themselves():
    config.COMPRESSION = True
    made = Message(4, b"x" * 5000, 1, 0, 5)
    assert (made.flags, made.data_size) == (0, 5000)


# Keys.


def test_a_signature():
    made = Message(4, b"hello", 1, 0, 5, {"BBBB": b"2", "AAAA": b"1"}, hmac_key=b"secret")
    expected = hmac.new(b"secret", b"hello12", hashlib.sha1).digest()
    assert made.hmac() == expected
    assert made.annotations["HMAC"] == expected
    assert list(made.annotations) == ["BBBB", "AAAA", "HMAC"]
    assert made.annotations_size == 7 + 7 + 26
    assert made.hmac_key == b"secret"
    assert made.to_bytes() == header(size=5, notes=40) + (
        b"BBBB\0\x012AAAA\0\x011HMAC\0\x14" + expected + b"hello"
    )


def test_the_same_key(wire):
    data = Message(4, b"hello", 1, 0, 5, {"ABCD": b"abc"}, hmac_key=b"secret").to_bytes()
    found = Message.recv(wire(data), hmac_key=b"secret")
    assert found.data == b"hello"
    assert found.annotations["ABCD"] == b"abc"
    assert found.hmac_key == b"secret"


@pytest.mark.parametrize(
    ("sender", "receiver", "text"),
    [
        (b"secret", None, "hmac key config not symmetric"),
        (None, b"secret", "hmac key config not symmetric"),
        (b"secret", b"other", "message hmac mismatch"),
    ],
)
def test_other_keys(wire, sender, receiver, text):
    data = Message(4, b"hello", 1, 0, 5, hmac_key=sender).to_bytes()
    with pytest.raises(SecurityError, match=text):
        Message.recv(wire(data), hmac_key=receiver)


@pytest.mark.parametrize("where", [-1, 29, 40, 60])
def test_changed_messages(wire, where):
    data = bytearray(
        Message(4, b"hello", 1, 0, 5, {"ABCD": b"a"}, hmac_key=b"k").to_bytes()
    )
    data[where] ^= 1
    with pytest.raises(
        (SecurityError, ProtocolError, struct.error, errors.ConnectionClosedError)
    ):
        Message.recv(wire(bytes(data)), hmac_key=b"k")


def test_changed_payload_and_annotations(wire):
    data = Message(4, b"hello", 1, 0, 5, {"ABCD": b"a"}, hmac_key=b"k").to_bytes()
    for changed in (data[:-1] + b"x", data[:30] + b"b" + data[31:]):
        with pytest.raises(SecurityError, match="message hmac mismatch"):
            Message.recv(wire(changed), hmac_key=b"k")


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("a", "a", True),
        (b"a", b"a", True),
        (b"a", b"b", False),
        ("a", "b", False),
        (b"", b"", True),
    ],
)
def test_secure_compare(one, two, same):
    assert message.secure_compare(one, two) is same


# Pinging.


def test_ping(wire):
    connection = wire(Message(message.MSG_PING, b"pong", 42, 0, 0).to_bytes())
    Message.ping(connection)
    assert connection.sent == Message(message.MSG_PING, b"ping", 42, 0, 0).to_bytes()


def test_ping_wants_a_ping(wire):
    connection = wire(Message(message.MSG_RESULT, b"pong", 42, 0, 0).to_bytes())
    with pytest.raises(ProtocolError, match="invalid msg type 5 received"):
        Message.ping(connection)


@pytest.mark.fixed("8: ping with a key fails on the reply")
def test_ping_with_a_key(wire):
    reply = Message(message.MSG_PING, b"pong", 42, 0, 0, hmac_key=b"k")
    connection = wire(reply.to_bytes())
    Message.ping(connection, hmac_key=b"k")
    sent = Message(message.MSG_PING, b"ping", 42, 0, 0, hmac_key=b"k")
    assert connection.sent == sent.to_bytes()
