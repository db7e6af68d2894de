"""Protocol 48, byte for byte, and whatever else may come."""

from __future__ import annotations

import contextlib
import json
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Pyro4.chunks import SIGNATURE_CHUNK, sign
from Pyro4.framing import CHECKSUM, HEADER, META_ON_CONNECT, Decoder, encode
from pyrophone.errors import (
    LocalProtocolError,
    MessageTooLargeError,
    ProtocolError,
    RemoteProtocolError,
    SecurityError,
)
from pyrophone.testing.strategies import mutations
from pyrophone.wire.framing import (
    BATCH,
    BLOB,
    COMPRESSED,
    CONNECT,
    CONNECT_OK,
    CORRELATED,
    EXCEPTION,
    INVOKE,
    ONEWAY,
    PING,
    RESULT,
    STREAM,
    Message,
)

VECTORS: dict[str, dict[str, Any]] = {
    vector["name"]: vector
    for vector in json.loads(
        (Path(__file__).parent / "vectors" / "pyro4-vectors.json").read_text()
    )
}
CORRELATION = bytes.fromhex("00112233445566778899aabbccddeeff")
PING_BYTES = bytes.fromhex(
    "5059524f 0030 0006 0000 0000 00000004 002a 0000 0000 354d 70696e67"
)
PING_MESSAGE = Message(PING, 42, 0, 0, b"ping")
FLAGS = {
    "EXCEPTION": EXCEPTION,
    "COMPRESSED": 0,  # never seen above the framing
    "ONEWAY": ONEWAY,
    "BATCH": BATCH,
    "META_ON_CONNECT": META_ON_CONNECT,
    "ITEMSTREAMRESULT": STREAM,
    "KEEPSERIALIZED": BLOB,
}

names = st.text(st.characters(max_codepoint=127), min_size=4, max_size=4).filter(
    lambda name: name not in ("CORR", "HMAC")
)
flags = st.sets(st.sampled_from(sorted(FLAGS.values()))).map(sum)
messages = st.builds(
    Message,
    kind=st.integers(CONNECT, PING),
    serializer_id=st.integers(0, 0xFFFF),
    flags=flags,
    seq=st.integers(0, 0xFFFF),
    payload=st.binary(max_size=300),
    annotations=st.dictionaries(names, st.binary(max_size=20), max_size=3),
) | st.builds(
    Message,
    kind=st.just(INVOKE),
    serializer_id=st.just(1),
    flags=flags.map(lambda flags: flags | CORRELATED),
    seq=st.just(1),
    payload=st.binary(max_size=20),
    annotations=st.dictionaries(names, st.binary(max_size=20), max_size=3),
    correlation=st.binary(min_size=16, max_size=16),
)
keys = st.none() | st.binary(min_size=1, max_size=80)


def decode(data: bytes, key: bytes | None = None) -> Message:
    """Return the one message of *data*."""
    (message,) = feed(Decoder(hmac_key=key), data)
    return message


def feed(decoder: Decoder, data: bytes) -> list[Message]:
    decoder.feed(data)
    return list(iter(decoder.next, None))


def header(
    size: int = 0,
    chunks: int = 0,
    *,
    tag: bytes = b"PYRO",
    version: int = 48,
    kind: int = PING,
    flags: int = 0,
    checksum: int | None = None,
) -> bytes:
    """Return a header that announces so much, the checksum right if not told."""
    if checksum is None:
        checksum = (kind + version + size + chunks + flags + CHECKSUM) & 0xFFFF
    return HEADER.pack(tag, version, kind, flags, 0, size, 0, chunks, 0, checksum)


def key_of(vector: dict[str, Any]) -> bytes | None:
    key = vector.get("hmac_key")
    return None if key is None else str(key).encode()


# The vectors, all of them.


def test_the_vectors_are_all_here() -> None:
    assert len(VECTORS) == 87


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_is_decoded_to_what_it_states(name: str) -> None:
    vector = VECTORS[name]
    stated = vector["decoded"]
    message = decode(bytes.fromhex(vector["hex"]), key_of(vector))
    chunks = {name: bytes.fromhex(data) for name, data in stated["annotations"].items()}
    chunks.pop("HMAC", None)
    correlation = chunks.pop("CORR", None)
    expected = sum(FLAGS[flag] for flag in stated["flag_names"])
    expected |= CORRELATED if correlation else 0
    assert message.kind == int(stated["msg_type"].split()[0])
    assert message.serializer_id == int(stated["serializer"].split()[0])
    assert (message.flags, message.seq) == (expected, stated["seq"])
    assert message.annotations == chunks
    assert message.correlation == (correlation or bytes(16))


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_is_encoded_byte_for_byte(name: str) -> None:
    vector = VECTORS[name]
    data, key = bytes.fromhex(vector["hex"]), key_of(vector)
    compress = "COMPRESSED" in vector["decoded"]["flag_names"]
    written = encode(decode(data, key), compress=compress, hmac_key=key)
    if compress:  # any zlib stream will do; all that doesn't measure it must be the same
        start = len(data) - vector["decoded"]["data_size"]
        assert written[:12] + written[16:22] == data[:12] + data[16:22]
        assert written[24:start] == data[24:start]
        assert zlib.decompress(written[start:]) == zlib.decompress(data[start:])
    else:
        assert written == data


# Messages.


def test_a_message_is_written_byte_for_byte() -> None:
    assert encode(PING_MESSAGE) == PING_BYTES
    assert decode(PING_BYTES) == PING_MESSAGE


def test_all_fields_have_their_places() -> None:
    annotations = {"ABCD": b"x", "BLBI": b""}
    flags = BLOB | CORRELATED | 0x8000
    message = Message(RESULT, 0x0102, flags, 0xFFFE, b"ok", annotations, CORRELATION)
    data = bytes.fromhex(
        "5059524f 0030 0005 8040 fffe 00000002 0102 0023 0000 b683"
        "41424344 0001 78 434f5252 0010 00112233445566778899aabbccddeeff"
        "424c4249 0000 6f6b"
    )
    assert encode(message) == data
    assert decode(data) == message


def test_flags_that_mean_something_else_in_502_are_translated() -> None:
    both = [(0x10, META_ON_CONNECT), (0x20, STREAM), (0x40, BLOB), (0x0D, 0x0D)]
    for wire, flags in both:
        data = header(kind=RESULT, flags=wire)
        message = decode(data)
        assert message.flags == flags
        message.serializer_id = 0
        assert encode(message) == data


def test_the_reserved_field_is_ignored() -> None:
    assert decode(PING_BYTES[:20] + b"\xff\xff" + PING_BYTES[22:]) == PING_MESSAGE


def test_a_correlation_id_of_another_length_is_an_annotation_like_others() -> None:
    data = encode(Message(PING, 1, 0, 0, b"", {"CORR": b"short"}))
    message = decode(data)
    assert (message.flags, message.annotations) == (0, {"CORR": b"short"})
    assert encode(message) == data


@pytest.mark.parametrize("value", [None, "text", 5])
def test_annotations_are_bytes(value: Any) -> None:
    with pytest.raises(LocalProtocolError):
        encode(Message(PING, 1, 0, 0, b"", {"ABCD": value}), hmac_key=b"key")


@pytest.mark.parametrize("name", ["ABC", "ABCDE", "ABC\xe4", ""])
def test_annotation_names_are_four_ascii_characters(name: str) -> None:
    with pytest.raises(LocalProtocolError, match="is not 4 ASCII letters"):
        encode(Message(PING, 1, 0, 0, b"", {name: b""}))


def test_annotations_have_65535_bytes_with_their_heads_at_most() -> None:
    message = Message(PING, 1, 0, 0, b"", {"ABCD": bytes(65535 - 6)})
    assert decode(encode(message)) == message
    with pytest.raises(LocalProtocolError, match="65535 are the most"):
        encode(message, hmac_key=b"key")
    for size in (65535 - 5, 65536):
        with pytest.raises(LocalProtocolError, match="65535 are the most"):
            encode(Message(PING, 1, 0, 0, b"", {"ABCD": bytes(size)}))


@given(message=messages, key=keys, compress=st.booleans())
def test_what_is_encoded_is_decoded_to_the_same(
    message: Message, key: bytes | None, compress: bool
) -> None:
    data = encode(message, compress=compress, hmac_key=key)
    assert decode(data, key) == message
    assert encode(decode(data, key), compress=compress, hmac_key=key) == data


# The stream.


@given(stream=st.lists(messages, max_size=4), key=keys, data=st.data())
def test_where_the_stream_is_cut_makes_no_difference(
    stream: list[Message], key: bytes | None, data: st.DataObject
) -> None:
    whole = b"".join(encode(message, hmac_key=key) for message in stream)
    cuts = data.draw(st.lists(st.integers(0, len(whole)), max_size=9).map(sorted))
    decoder = Decoder(hmac_key=key)
    received: list[Message] = []
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        received += feed(decoder, whole[start:end])
    assert received == stream
    assert decoder.pending == 0


def test_every_cut_of_a_message_leaves_it_incomplete() -> None:
    data = encode(Message(INVOKE, 1, CORRELATED, 7, b"abc", {"ABCD": b"x"}, CORRELATION))
    for cut in range(len(data)):
        decoder = Decoder()
        assert feed(decoder, data[:cut]) == []
        assert decoder.pending == cut
        assert len(feed(decoder, data[cut:])) == 1


@given(
    data=st.binary(max_size=200)
    | mutations(PING_BYTES)
    | mutations(encode(PING_MESSAGE, hmac_key=b"k"))
)
def test_any_bytes_give_messages_or_our_errors(data: bytes) -> None:
    for key in (None, b"k"):
        with contextlib.suppress(ProtocolError, SecurityError):
            feed(Decoder(1 << 16, hmac_key=key), data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"GET / ", "invalid data: message begins with b'GET '"),
        (b"PYRO\x01\xf6", "invalid protocol version: 502, not 48"),
        (b"PYRO\x00\x2f", "invalid protocol version: 47, not 48"),
        (header(checksum=1), "invalid checksum: 0x0001, not 0x351f"),
        (header(-1), "invalid payload size: -1"),
        (header(-(2**31)), "invalid payload size: -2147483648"),
        (header(kind=7), "invalid message type CANCEL"),
        (header(kind=10), "invalid message type 10"),
        (header(kind=0xFFFF), "invalid message type 65535"),
        (header(0, 5) + b"ABCDE", "annotation at 0 ends early"),
        (header(0, 7) + b"ABCD\0\2x", "annotation b'ABCD' ends early"),
        (header(0, 6) + b"AB\xffD\0\0", "is not ASCII"),
        (header(3, flags=COMPRESSED) + b"abc", "compressed payload is damaged"),
    ],
)
def test_what_is_wrong_is_refused_as_soon_as_it_is_there(data: bytes, message: str) -> None:
    decoder = Decoder()
    assert feed(decoder, data[:-1]) == []
    with pytest.raises(RemoteProtocolError, match=message):
        feed(decoder, data[-1:])


def test_the_size_limit_is_inclusive_and_needs_only_the_header() -> None:
    assert feed(Decoder(4), PING_BYTES) == [PING_MESSAGE]
    with pytest.raises(MessageTooLargeError):
        feed(Decoder(3), PING_BYTES[:24])
    assert encode(PING_MESSAGE, max_size=4) == PING_BYTES
    with pytest.raises(MessageTooLargeError):
        encode(PING_MESSAGE, max_size=3)


def test_an_announced_size_is_not_allocated() -> None:
    decoder = Decoder()
    tracemalloc.start()
    try:
        assert feed(decoder, header(2**31 - 1) + b"x") == []
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_a_kind_that_is_not_expected_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match=r"type PING, expected CONNECT$"):
        feed(Decoder(expected=1 << CONNECT), PING_BYTES)


# Compression.


def test_compression_begins_with_200_bytes() -> None:
    short, enough = (
        Message(INVOKE, 1, 0, 0, bytes(199)),
        Message(INVOKE, 1, 0, 0, bytes(200)),
    )
    assert len(encode(short, compress=True)) == 24 + 199
    data = encode(enough, compress=True)
    assert data[24:] == zlib.compress(bytes(200))
    assert data[8:10] == b"\0\2"
    assert decode(data) == enough


def test_what_would_not_shrink_and_exceptions_are_not_compressed() -> None:
    noise = bytes((i * 167 + i * i * 31) & 0xFF for i in range(256))
    assert encode(Message(RESULT, 1, 0, 0, noise), compress=True).endswith(noise)
    error = Message(RESULT, 1, EXCEPTION, 0, bytes(1000))
    assert len(encode(error, compress=True)) == 1024


@pytest.mark.parametrize("kind", [CONNECT, CONNECT_OK])
def test_greetings_may_be_compressed(kind: int) -> None:
    message = Message(kind, 1, META_ON_CONNECT, 0, bytes(1000))
    data = encode(message, compress=True)
    assert len(data) < 100
    assert decode(data) == message


def test_a_payload_is_measured_inflated() -> None:
    data = encode(Message(INVOKE, 1, 0, 0, bytes(1000)), compress=True)
    assert len(feed(Decoder(1000), data)) == 1
    with pytest.raises(MessageTooLargeError):
        feed(Decoder(999), data)


# Signatures.


def test_the_signature_covers_payload_and_annotations_in_the_order_of_names() -> None:
    first = sign(b"key", b"payload", {"BBBB": b"2", "AAAA": b"1", SIGNATURE_CHUNK: b"?"})
    assert first == sign(b"key", b"payload12", {})
    assert first.hex() == "882f00a9b8fe9be03dbe124e36f7143dacf03a71"


def test_the_signature_does_not_say_where_its_parts_end() -> None:
    """So it is on the wire; docs/howto/pyro4-peers.md warns of it."""
    parts = [(b"ab", {"ABCD": b"cd"}), (b"abc", {"ABCD": b"d"}), (b"abcd", {})]
    assert len({sign(b"key", payload, chunks) for payload, chunks in parts}) == 1


@pytest.mark.parametrize(
    ("sent", "expected"), [(b"key", None), (None, b"key"), (b"key", b"kez")]
)
def test_a_signature_must_be_there_and_right_or_not_be_there(
    sent: bytes | None, expected: bytes | None
) -> None:
    with pytest.raises(SecurityError, match="hmac"):
        decode(encode(PING_MESSAGE, hmac_key=sent), expected)


@pytest.mark.parametrize("place", [-1, 24 + 6 + 19, 24 + 6])
def test_a_signed_message_that_was_changed_is_refused(place: int) -> None:
    data = bytearray(encode(PING_MESSAGE, hmac_key=b"key"))
    data[place] ^= 1
    with pytest.raises(SecurityError, match="mismatch"):
        decode(bytes(data), b"key")


def test_nothing_is_inflated_before_its_signature_is_checked() -> None:
    damaged = header(3, flags=COMPRESSED) + b"abc"
    with pytest.raises(SecurityError):
        decode(damaged, b"key")
