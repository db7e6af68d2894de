from __future__ import annotations

import math

import pytest

from pyrophone.errors import RemoteProtocolError
from pyrophone.wire.chunks import (
    PATH_LINES,
    PATH_SIZE,
    read_beat,
    read_count,
    read_limit,
    read_path,
    write_beat,
    write_count,
    write_limit,
    write_path,
)


@pytest.mark.parametrize(
    ("seconds", "data", "back"),
    [
        (2.5, "00000000002625a0", 2.5),
        (0.0, "0000000000000000", 0.0),
        (-3.0, "0000000000000000", 0.0),
        (math.inf, "8000000000000000", 2**63 / 1e6),
    ],
)
def test_a_limit_is_microseconds(seconds: float, data: str, back: float) -> None:
    assert write_limit(seconds) == bytes.fromhex(data)
    assert read_limit(bytes.fromhex(data)) == back


@pytest.mark.parametrize("data", [b"", bytes(7), bytes(9)])
def test_a_limit_of_another_length_is_refused(data: bytes) -> None:
    with pytest.raises(
        RemoteProtocolError, match=rf"^LIMT has {len(data)} bytes, must be 8$"
    ):
        read_limit(data)


def test_a_path_is_lines_of_text() -> None:
    assert write_path("h:1 a.b\nh:2 é.c") == b"h:1 a.b\nh:2 \xc3\xa9.c"
    assert read_path(b"h:1 a.b\nh:2 \xc3\xa9.c") == "h:1 a.b\nh:2 é.c"
    assert read_path(write_path("\ud800")) == "\\ud800"


def test_of_a_path_that_is_too_long_the_innermost_calls_are_sent() -> None:
    lines = [f"line {number}" for number in range(PATH_LINES + 2)]
    assert read_path(write_path("\n".join(lines))).split("\n") == lines[2:]
    assert write_path("a" * 3000 + "\n" + "b" * 1096) == b"b" * 1096
    assert write_path("a" * 3000 + "\n" + "b" * 1095) == b"a" * 3000 + b"\n" + b"b" * 1095
    assert write_path("a" * (PATH_SIZE + 1)) == b""


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"x" * 4097, "PATH has 4097 bytes in 1 lines, limit is 4096 in 64"),
        (b"\n" * 64, "PATH has 64 bytes in 65 lines, limit is 4096 in 64"),
        (b"\xff", "PATH is not UTF-8: invalid start byte"),
    ],
)
def test_a_path_that_nobody_of_us_writes_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(RemoteProtocolError, match=f"^{problem}$"):
        read_path(data)


def test_the_longest_path_is_read() -> None:
    assert read_path(b"x" * 4096) == "x" * 4096
    assert read_path(b"\n" * 63) == "\n" * 63


@pytest.mark.parametrize(
    ("own", "theirs", "both"), [(4.0, 2.0, 2.0), (2.0, 4.0, 2.0), (4.0, 0.0, 0.1)]
)
def test_both_beat_as_the_quicker_one_but_not_madly(
    own: float, theirs: float, both: float
) -> None:
    assert read_beat(int(theirs * 1000).to_bytes(4, "big"), own) == both


def test_a_beat_is_milliseconds() -> None:
    assert write_beat(4.0) == bytes.fromhex("00000fa0")
    assert write_beat(0.0) == bytes.fromhex("00000001")
    assert write_beat(1e9) == bytes.fromhex("ffffffff")
    with pytest.raises(RemoteProtocolError, match=r"^BEAT has 3 bytes, must be 4$"):
        read_beat(bytes(3), 4.0)


def test_a_credit_is_a_count() -> None:
    assert write_count(8) == bytes.fromhex("00000008")
    assert write_count(1 << 40) == bytes.fromhex("ffffffff")
    assert read_count(bytes.fromhex("00000102")) == 258
    with pytest.raises(RemoteProtocolError, match=r"^CREDIT has 5 bytes, must be 4$"):
        read_count(bytes(5))
