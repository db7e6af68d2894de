from __future__ import annotations

import time
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversing import (
    CORRELATION,
    FROM_CLIENT,
    FROM_SERVER,
    MESSAGE_VECTORS,
    REJECTED,
    decode,
    vector_bytes,
    vector_message,
)
from pyrophone.errors import (
    LocalProtocolError,
    MessageTooLargeError,
    ProtocolError,
    RemoteProtocolError,
)
from pyrophone.testing.strategies import mutations
from pyrophone.wire.framing import (
    COMPRESSED,
    CONNECT,
    CONNECT_OK,
    CORRELATED,
    INVOKE,
    KIND_NAMES,
    PING,
    RESULT,
    Decoder,
    Message,
    encode,
    encode_beside,
    join_annotations,
    split_annotations,
)
from residents import measured, resident

PING_BYTES = bytes.fromhex(
    "5059524f 01f6 06 02 0000 002a 00000004 00000000"
    "00000000000000000000000000000000 0000 4dc5 70696e67"
)
PING_MESSAGE = Message(PING, 2, 0, 42, b"ping")

names = st.text(st.characters(max_codepoint=127), min_size=4, max_size=4)
messages = st.builds(
    Message,
    kind=st.sampled_from(list(KIND_NAMES)),
    serializer_id=st.integers(0, 255),
    flags=st.integers(0, 0xFFFF).map(lambda flags: flags & ~COMPRESSED),
    seq=st.integers(0, 0xFFFF),
    payload=st.binary(max_size=200),
    annotations=st.dictionaries(names, st.binary(max_size=20), max_size=3),
    correlation=st.binary(min_size=16, max_size=16),
)


def feed(decoder: Decoder, data: bytes) -> list[Message]:
    decoder.feed(data)
    return list(iter(decoder.next, None))


def header(payload: int = 0, chunks: int = 0, *, flags: int = 0, kind: int = PING) -> bytes:
    """Return a header that announces so much."""
    data = bytearray(encode(Message(kind, 1, flags, 0, b"")))
    data[12:20] = payload.to_bytes(4, "big") + chunks.to_bytes(4, "big")
    return bytes(data)


# The vectors, all of them.


def test_the_vectors_are_all_here() -> None:
    assert len(MESSAGE_VECTORS) == 145
    assert {*FROM_CLIENT, *FROM_SERVER, REJECTED} == MESSAGE_VECTORS.keys()


@pytest.mark.parametrize("name", [*FROM_CLIENT, *FROM_SERVER])
def test_a_vector_is_decoded_to_what_it_states(name: str) -> None:
    assert decode(vector_bytes(name)) == vector_message(name)


@pytest.mark.parametrize("name", [*FROM_CLIENT, *FROM_SERVER])
def test_a_vector_is_encoded_byte_for_byte(name: str) -> None:
    message, expected = vector_message(name), vector_bytes(name)
    compressed = bool(expected[9] & COMPRESSED)
    data = encode(message, compress=compressed)
    if compressed:  # any zlib stream will do; all else must be the same
        start = len(expected) - int.from_bytes(expected[12:16], "big")
        assert data[:12] + data[16:start] == expected[:12] + expected[16:start]
        assert zlib.decompress(data[start:]) == zlib.decompress(expected[start:])
    else:
        assert data == expected


def test_the_vector_of_another_version_is_refused() -> None:
    with pytest.raises(
        RemoteProtocolError, match=r"^invalid protocol version: 48, not 502$"
    ):
        feed(Decoder(), vector_bytes(REJECTED))


# Messages.


def test_a_message_is_written_byte_for_byte() -> None:
    assert encode(PING_MESSAGE) == PING_BYTES


def test_all_fields_have_their_places() -> None:
    annotations = {"ABCD": b"x", "efgh": b""}
    message = Message(RESULT, 3, 0x8079, 0xFFFE, b"ok", annotations, CORRELATION)
    data = bytes.fromhex(
        "5059524f 01f6 05 03 8079 fffe 00000002 00000011"
        "00112233445566778899aabbccddeeff 0000 4dc5"
        "41424344 00000001 78 65666768 00000000 6f6b"
    )
    assert encode(message) == data
    assert decode(data) == message


def test_the_reserved_field_is_ignored() -> None:
    assert decode(PING_BYTES[:36] + b"\xff\xff" + PING_BYTES[38:]) == PING_MESSAGE


@pytest.mark.parametrize(
    "other",
    [
        Message(RESULT, 2, 0, 42, b"ping"),
        Message(PING, 1, 0, 42, b"ping"),
        Message(PING, 2, 1, 42, b"ping"),
        Message(PING, 2, 0, 43, b"ping"),
        Message(PING, 2, 0, 42, b"pong"),
        Message(PING, 2, 0, 42, b"ping", {"INFO": b""}),
        Message(PING, 2, 0, 42, b"ping", {}, CORRELATION),
        "ping",
    ],
)
def test_messages_are_equal_if_all_their_fields_are(other: object) -> None:
    assert Message(PING, 2, 0, 42, b"ping") == PING_MESSAGE
    assert other != PING_MESSAGE


def test_messages_cannot_be_hashed_and_show_what_they_are() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(PING_MESSAGE)
    assert repr(PING_MESSAGE) == "<PING seq=42 flags=0x0 4 bytes>"
    assert repr(Message(10, 2, 0x41, 1, b"")) == "<kind 10 seq=1 flags=0x41 0 bytes>"


# Annotations.


@pytest.mark.parametrize("name", ["", "ABC", "ABCDE", "ÄBCD", 1234, b"ABCD"])
def test_an_annotation_name_must_be_4_ascii_letters(name: str) -> None:
    with pytest.raises(
        LocalProtocolError, match=rf"^annotation name {name!r} is not 4 ASCII "
    ):
        encode(Message(PING, 2, 0, 0, b"", {name: b""}))


@pytest.mark.parametrize("data", ["text", None, 1, [1]])
def test_an_annotation_must_be_bytes(data: object) -> None:
    with pytest.raises(
        LocalProtocolError, match=f"'INFO' is {type(data).__name__}, must be by"
    ):
        join_annotations({"INFO": data})  # type: ignore[dict-item]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_anything_like_bytes_can_be_an_annotation(kind: type) -> None:
    assert join_annotations({"INFO": kind(b"xy")}) == b"INFO\0\0\0\2xy"


@pytest.mark.parametrize(
    ("chunks", "problem"),
    [
        (b"BLBI\0\0\0", "annotation at 0 ends early"),
        (b"INFO\0\0\0\0BLBI\0\0\0", "annotation at 8 ends early"),
        (b"x", "annotation at 0 ends early"),
        (b"BLBI\0\0\0\2x", "annotation b'BLBI' ends early"),
        (b"BLBI\xff\xff\xff\xff", "annotation b'BLBI' ends early"),
        (b"BL\xffI\0\0\0\0", r"annotation name b'BL\xffI' is not ASCII"),
    ],
)
def test_damaged_annotations_are_refused(chunks: bytes, problem: str) -> None:
    data = header(4, len(chunks)) + chunks + b"ping"
    with pytest.raises(RemoteProtocolError) as caught:
        feed(Decoder(), data)
    assert str(caught.value) == problem


def test_annotations_are_slices_of_what_they_are_split_from() -> None:
    chunks = join_annotations({"ABCD": b"xx"})
    found = split_annotations(memoryview(chunks))["ABCD"]
    assert isinstance(found, memoryview)
    assert found.obj is chunks
    assert bytes(found) == b"xx"


def test_of_two_annotations_with_one_name_the_last_counts() -> None:
    assert split_annotations(b"INFO\0\0\0\1aINFO\0\0\0\1b") == {"INFO": b"b"}


@given(st.dictionaries(names, st.binary(max_size=40), max_size=5))
def test_splitting_annotations_undoes_joining(annotations: dict[str, bytes]) -> None:
    assert split_annotations(join_annotations(annotations)) == annotations


# Limits.


def test_the_size_limit_is_inclusive_and_needs_only_the_header() -> None:
    assert feed(Decoder(max_size=4), PING_BYTES) == [PING_MESSAGE]
    with pytest.raises(MessageTooLargeError) as caught:
        feed(Decoder(max_size=3), PING_BYTES[:40])
    assert (caught.value.size, caught.value.limit) == (4, 3)


def test_annotations_count_towards_the_size() -> None:
    message = Message(PING, 2, 0, 0, b"1234", {"INFO": b"56"})
    data = encode(message, max_size=14)
    assert feed(Decoder(max_size=14), data) == [message]
    with pytest.raises(MessageTooLargeError, match="14 bytes, max=13"):
        feed(Decoder(max_size=13), data[:40])
    with pytest.raises(MessageTooLargeError, match="14 bytes, max=13"):
        encode(message, max_size=13)


def test_the_default_limit_is_a_gibibyte() -> None:
    assert feed(Decoder(), header(1 << 30)) == []
    with pytest.raises(MessageTooLargeError, match="1073741825 bytes, max=1073741824"):
        feed(Decoder(), header((1 << 30) - 7, 8))


@pytest.mark.parametrize(("annotations", "size"), [({}, 1000), ({"INFO": b"1234"}, 1012)])
def test_the_limit_holds_for_inflated_payloads(
    annotations: dict[str, bytes], size: int
) -> None:
    message = Message(PING, 2, 0, 0, bytes(1000), annotations)
    data = encode(message, compress=True)
    assert len(data) < 100
    assert feed(Decoder(max_size=size), data) == [message]
    with pytest.raises(MessageTooLargeError) as caught:
        feed(Decoder(max_size=size - 1), data)
    assert (caught.value.size, caught.value.limit) == (size, size - 1)


def test_a_bomb_is_not_inflated() -> None:
    bomb = zlib.compress(bytes(20_000_000), 9)
    data = header(len(bomb), flags=COMPRESSED) + bomb
    tracemalloc.start()
    with pytest.raises(MessageTooLargeError, match="100001 bytes, max=100000"):
        feed(Decoder(max_size=100_000), data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_what_a_header_announces_is_not_allocated() -> None:
    tracemalloc.start()
    assert feed(Decoder(), header(1 << 30)) == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000


# Compression.


@pytest.mark.parametrize(("size", "compressed"), [(100, False), (101, True)])
def test_payloads_of_more_than_100_bytes_are_compressed_if_asked(
    size: int, compressed: bool
) -> None:
    message = Message(PING, 2, CORRELATED, 0, bytes(size), {"INFO": bytes(200)})
    data = encode(message, compress=True)
    assert data[9] == CORRELATED | (COMPRESSED if compressed else 0)
    assert data[40:248] == b"INFO\0\0\0\xc8" + bytes(200)
    assert (zlib.decompress(data[248:]) if compressed else data[248:]) == bytes(size)
    assert decode(data) == message
    assert encode(message)[9] == CORRELATED


def test_a_payload_is_sent_compressed_even_if_it_gets_longer() -> None:
    noise = bytes(range(256))
    data = encode(Message(PING, 2, 0, 0, noise), compress=True)
    assert len(data) > 40 + 256
    assert decode(data).payload == noise


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (b"", "compressed payload ends early"),
        (b"not zlib", "compressed payload is damaged: Error -3 while decompressing data: "),
        (zlib.compress(b"x" * 50)[:-1], "compressed payload ends early"),
        (
            zlib.compress(b"x" * 50)[:-4] + b"bad!",
            "compressed payload is damaged: Error -3",
        ),
    ],
)
def test_damaged_compression_is_refused(payload: bytes, problem: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        feed(Decoder(), header(len(payload), flags=COMPRESSED) + payload)
    assert str(caught.value).startswith(problem)


# Refusals.


@pytest.mark.parametrize(
    ("start", "problem"),
    [
        (b"GET / ", "invalid data: message begins with b'GET ', not b'PYRO'"),
        (b"PYRX\x01\xf6", "invalid data: message begins with b'PYRX', not b'PYRO'"),
        (b"PYRO\x01\xf5", "invalid protocol version: 501, not 502"),
        (b"PYRO\x00\x30", "invalid protocol version: 48, not 502"),
    ],
)
@pytest.mark.parametrize("more", [b"", b"x", bytes(40)])
def test_tag_and_version_are_checked_after_6_bytes(
    start: bytes, problem: str, more: bytes
) -> None:
    decoder = Decoder()
    assert feed(decoder, start[:5]) == []
    with pytest.raises(RemoteProtocolError) as caught:
        feed(decoder, start[5:] + more)
    assert str(caught.value) == problem


def test_the_magic_number_is_checked() -> None:
    with pytest.raises(
        RemoteProtocolError, match=r"^invalid magic number: 0x4dc4, not 0x4dc5$"
    ):
        feed(Decoder(), PING_BYTES[:38] + b"\x4d\xc4")


@pytest.mark.parametrize(
    ("kind", "expected", "problem"),
    [
        (PING, 1 << INVOKE, "invalid message type PING, expected INVOKE"),
        (
            INVOKE,
            1 << CONNECT | 1 << CONNECT_OK,
            "invalid message type INVOKE, expected CONNECT or CONNECT_OK",
        ),
        (PING, 0, "invalid message type PING, expected none"),
        (0, 1 << PING, "invalid message type 0, expected PING"),
        (10, 1 << PING, "invalid message type 10, expected PING"),
        (255, 1 << PING, "invalid message type 255, expected PING"),
    ],
)
def test_a_kind_that_is_not_expected_is_refused_from_the_header_alone(
    kind: int, expected: int, problem: str
) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        feed(Decoder(expected=expected), header(1 << 20, kind=kind))
    assert str(caught.value) == problem


def test_what_is_expected_counts_when_the_message_is_taken() -> None:
    decoder = Decoder(expected=1 << PING)
    assert feed(decoder, PING_BYTES[:-1]) == []
    decoder.expected = 1 << INVOKE
    with pytest.raises(RemoteProtocolError, match="invalid message type PING"):
        feed(decoder, PING_BYTES[-1:])


def test_a_refused_stream_stays_refused() -> None:
    decoder = Decoder()
    for _ in range(2):
        with pytest.raises(RemoteProtocolError, match="begins with b'oops'"):
            feed(decoder, b"oops!!" if not decoder.pending else PING_BYTES)


# Streams.


@pytest.mark.parametrize("end", range(len(PING_BYTES)))
def test_a_message_that_is_not_complete_is_waited_for(end: int) -> None:
    decoder = Decoder()
    assert feed(decoder, PING_BYTES[:end]) == []
    assert decoder.pending == end
    assert feed(decoder, PING_BYTES[end:]) == [PING_MESSAGE]
    assert decoder.pending == 0


def test_bytes_behind_a_message_stay_pending() -> None:
    decoder = Decoder()
    decoder.feed(PING_BYTES + PING_BYTES[:7])
    assert decoder.next() == PING_MESSAGE
    assert decoder.pending == 7
    assert feed(decoder, PING_BYTES[7:]) == [PING_MESSAGE]


@given(messages=st.lists(messages, max_size=4), compress=st.booleans())
def test_decoding_undoes_encoding(messages: list[Message], compress: bool) -> None:
    stream = b"".join(encode(message, compress=compress) for message in messages)
    received = feed(Decoder(), stream)
    assert received == messages
    assert all(type(message.payload) is bytes for message in received)


@given(messages=st.lists(messages, max_size=4), data=st.data())
def test_where_the_stream_is_cut_makes_no_difference(
    messages: list[Message], data: st.DataObject
) -> None:
    stream = b"".join(encode(message) for message in messages)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=9).map(sorted))
    decoder = Decoder()
    received: list[Message] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        decoder.feed(stream[start:end])
        if data.draw(st.booleans()):  # messages may also be taken later
            received += iter(decoder.next, None)
    received += iter(decoder.next, None)
    assert received == messages
    assert all(type(message.payload) is bytes for message in received)


garbage = st.binary(max_size=300) | st.binary(max_size=100).map(
    lambda data: b"PYRO\x01\xf6" + data
)


@given(garbage)
def test_garbage_is_refused_or_waited_on(data: bytes) -> None:
    try:
        taken = feed(Decoder(), data)
    except ProtocolError:
        return
    assert sum(40 + len(message.payload) for message in taken) <= len(data)


@given(st.data())
def test_damaged_streams_are_refused_or_waited_on(data: st.DataObject) -> None:
    sent = data.draw(st.lists(messages, min_size=1, max_size=3))
    stream = b"".join(encode(message, compress=True) for message in sent)
    decoder = Decoder(max_size=10_000)
    try:
        taken = feed(decoder, data.draw(mutations(stream)))
    except ProtocolError:
        return
    assert all(len(message.payload) <= 10_000 for message in taken)


def allocated(pieces: list[bytes]) -> int:
    """Return the most memory that decoding *pieces* took beyond what is fed."""
    decoder = Decoder()
    tracemalloc.start()
    for piece in pieces:
        feed(decoder, piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_is_linear_in_the_bytes_fed() -> None:
    data = encode(Message(PING, 2, 0, 0, bytes(400_000)))
    pieces = [data[start : start + 1000] for start in range(0, len(data), 1000)]
    assert allocated(pieces) < 3 * len(data)


def seconds(pieces: list[bytes], *, take: bool = True) -> float:
    """Return the processor time, best of five, that decoding *pieces* takes."""
    times = []
    for _ in range(5):
        decoder = Decoder()
        start = time.thread_time()  # what else the machine does is not counted
        for piece in pieces:
            decoder.feed(piece)
            while take and decoder.next() is not None:
                pass
        while decoder.next() is not None:
            pass
        times.append(time.thread_time() - start)
    return min(times)


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(
            lambda n: [header(500 * n), *[bytes(500)] * n], id="one large message"
        ),
        pytest.param(lambda n: [PING_BYTES * n], id="many small ones at once"),
        pytest.param(
            lambda n: [PING_BYTES[:20], PING_BYTES[20:] + PING_BYTES * n], id="behind"
        ),
        pytest.param(
            lambda n: [bytes([byte]) for byte in PING_BYTES] * (n // 40), id="bytes"
        ),
    ],
)
def test_time_is_linear_in_the_bytes_fed(make: Callable[[int], list[bytes]]) -> None:
    small, large = make(4_000), make(32_000)
    assert seconds(large) < 8 * 4 * seconds(small)  # 8 if linear, 64 if quadratic


@pytest.mark.slow
def test_time_is_linear_if_messages_are_taken_late() -> None:
    small, large = [PING_BYTES] * 4_000, [PING_BYTES] * 32_000
    assert seconds(large, take=False) < 8 * 4 * seconds(small, take=False)


# Buffers beside the payload.


BESIDE = bytes.fromhex(
    "5059524f 01f6 05 01 0000 0007 00000002 0000002b"
    "00000000000000000000000000000000 0000 4dc5"
    "42554653 0000001a 00000002 62 0000000000000003 61 0000000000000001 616263 78"
    "494e464f 00000001 79 6f6b"
)


def laden(
    *buffers: bytes | bytearray,
    payload: bytes = b"ok",
    annotations: dict[str, bytes] | None = None,
) -> Message:
    message = Message(RESULT, 1, 0, 7, payload, annotations or {})
    message.lay([memoryview(buffer) for buffer in buffers])
    return message


def beside(max_size: int = 1 << 30) -> Decoder:
    decoder = Decoder(max_size)
    decoder.beside = True
    return decoder


def drip(decoder: Decoder, data: bytes, step: int) -> list[Message]:
    found: list[Message] = []
    for start in range(0, len(data), step):
        found += feed(decoder, data[start : start + step])
    return found


def test_buffers_are_written_byte_for_byte_and_not_copied() -> None:
    array = bytearray(b"x")
    pieces = encode_beside(laden(b"abc", array, annotations={"INFO": b"y"}))
    assert bytes(pieces) == BESIDE
    assert [bytes(piece) for piece in pieces.head()[1:3]] == [b"abc", b"x"]
    array[0] = 33
    assert bytes(pieces) == BESIDE.replace(b"abcx", b"abc!")


def test_buffers_arrive_as_what_they_were() -> None:
    (message,) = feed(beside(), BESIDE)
    assert message.annotations == {"BUFS": b"", "INFO": b"y"}
    assert message.payload == b"ok"
    assert message.buffers == [b"abc", bytearray(b"x")]
    assert [type(buffer) for buffer in message.buffers] == [bytes, bytearray]


def test_to_who_knows_no_buffers_the_annotation_is_one_of_the_application() -> None:
    (message,) = feed(Decoder(), BESIDE)
    assert message.annotations == {"BUFS": BESIDE[48:74], "INFO": b"y"}
    assert message.buffers == ()


def test_only_the_payload_is_compressed() -> None:
    buffer = bytes(1000)
    pieces = bytes(encode_beside(laden(buffer, payload=bytes(500)), compress=True))
    assert 1000 < len(pieces) < 1200
    assert buffer in pieces
    (message,) = feed(beside(1525), pieces)
    assert (message.payload, message.buffers) == (bytes(500), [buffer])
    assert message.flags == 0
    with pytest.raises(MessageTooLargeError, match=r"1521 bytes, max=1520"):
        feed(beside(1520), pieces)


def test_buffers_count_towards_the_size() -> None:
    size = len(BESIDE) - 40
    message = laden(b"abc", bytearray(b"x"), annotations={"INFO": b"y"})
    assert len(encode_beside(message, max_size=size)) == len(BESIDE)
    assert len(feed(beside(size), BESIDE)) == 1
    with pytest.raises(MessageTooLargeError) as sent:
        encode_beside(message, max_size=size - 1)
    with pytest.raises(MessageTooLargeError) as received:
        feed(beside(size - 1), BESIDE[:40])
    assert sent.value.size == received.value.size == size


@measured
def test_what_buffers_announce_is_not_allocated() -> None:
    start = header(0, 1 << 30) + b"BUFS" + ((1 << 30) - 8).to_bytes(4, "big")
    start += bytes.fromhex("00000001 62") + ((1 << 30) - 21).to_bytes(8, "big")
    before = resident()
    decoder = beside()
    assert feed(decoder, start) == []
    assert decoder.landing is not None
    assert resident() - before < 8_000_000


@pytest.mark.parametrize(
    ("chunks", "problem"),
    [
        ("42554653 0000000e 00000001 62 0000000000000001", "b'BUFS' ends early"),
        ("42554653 00000003 000000", "BUFS has 3 bytes, needs 4"),
        ("42554653 00000000", "BUFS has 0 bytes, needs 4"),
        ("42554653 0000000c 00000001 62 00000000000000", "BUFS has 12 bytes, needs 13"),
        (
            "42554653 0000000d 00000001 62 0000000000000001",
            "BUFS has 13 bytes, its buffers make 14",
        ),
        ("42554653 0000000d 00000001 63 0000000000000000", "a buffer of kind b'c'"),
        ("42554653 00000004 00100000", "BUFS has 1048576 buffers, limit is 1024"),
        ("494e464f 00000000 42554653 00000004 00000000", "BUFS is not the first"),
        ("42554653 00000004 00000000 42554653 00000004 00000000", "is not the first"),
        ("4255", "annotation at 0 ends early"),
        ("42554653 000000", "annotation at 0 ends early"),
    ],
)
@pytest.mark.parametrize("step", [1, 1000])
def test_buffers_that_are_not_right_are_refused(
    chunks: str, problem: str, step: int
) -> None:
    data = bytes.fromhex(chunks)
    data = header(4, len(data)) + data + b"ping"
    with pytest.raises(RemoteProtocolError) as caught:
        drip(beside(), data, step)
    assert problem in str(caught.value)


def test_a_message_of_buffers_alone_is_complete_with_the_last_of_them() -> None:
    data = bytes(encode_beside(laden(b"abc", b"", payload=b"")))
    decoder = beside()
    assert feed(decoder, data[:-1]) == []
    (message,) = feed(decoder, data[-1:])
    assert (message.buffers, message.payload) == ([b"abc", b""], b"")
    assert decoder.pending == 0
    (message,) = feed(beside(), bytes(encode_beside(laden(payload=b""))))
    assert message.buffers == []


def test_bytes_can_be_received_where_they_go() -> None:
    decoder = beside()
    assert decoder.space() is None
    buffer = bytes(range(100))
    data = bytes(encode_beside(laden(bytearray(buffer))))
    at = data.index(buffer) + 30
    assert feed(decoder, data[:at]) == []
    assert decoder.landing is not None
    assert decoder.pending == at
    space = decoder.space()
    assert space is not None
    assert len(space) == 70
    space[:] = data[at : at + 70]
    decoder.filled(70)
    assert decoder.space() is None
    assert decoder.next() is None
    (message,) = feed(decoder, data[at + 70 :])
    assert message.buffers == [buffer]


laden_messages = st.builds(
    laden,
    st.binary(max_size=40),
    st.binary(max_size=40).map(bytearray),
    payload=st.binary(max_size=20),
    annotations=st.dictionaries(
        names.filter(lambda name: name != "BUFS"), st.binary(max_size=9), max_size=2
    ),
)


@pytest.mark.slow
@given(
    stream=st.lists(laden_messages | messages, max_size=4),
    moves=st.lists(st.tuples(st.booleans(), st.integers(0, 70)), max_size=30),
)
def test_buffers_arrive_the_same_however_they_come(
    stream: list[Message], moves: list[tuple[bool, int]]
) -> None:
    for message in stream:
        if not message.buffers:
            message.annotations = {
                name: data for name, data in message.annotations.items() if name != "BUFS"
            }
    data = b"".join(
        bytes(encode_beside(message) if message.buffers else encode(message))
        for message in stream
    )
    decoder = beside()
    received: list[Message] = []
    done = 0
    for feeds, count in [*moves, *[(True, 1)] * len(data)]:
        space = decoder.space()
        if feeds or space is None:
            piece = data[done : done + count]
            decoder.feed(piece)
        else:
            piece = data[done : done + min(count, len(space))]
            space[: len(piece)] = piece
            decoder.filled(len(piece))
        done += len(piece)
        received += iter(decoder.next, None)
    assert decoder.pending == 0
    assert [_parts(message) for message in received] == [
        _parts(message) for message in stream
    ]


def _parts(message: Message) -> list[object]:
    values = [getattr(message, name) for name in Message.__slots__ if name != "buffers"]
    return [*values, [*message.buffers]]


@given(place=st.integers(40, len(BESIDE)), noise=st.binary(max_size=8), cut=st.integers(40))
def test_damage_makes_no_more_than_errors_of_ours(
    place: int, noise: bytes, cut: int
) -> None:
    data = bytearray(BESIDE * 2)
    data[place : place + len(noise)] = noise
    for pieces in ([bytes(data)], [bytes(data[:cut]), bytes(data[cut:])]):
        decoder = beside(1000)
        try:
            for piece in pieces:
                feed(decoder, piece)
        except ProtocolError:
            continue
