"""The annotations and small payloads that features add.

All integers are unsigned and big-endian. Source: ``docs/reference/wire.md``, features.
"""

from __future__ import annotations

from ..errors import RemoteProtocolError

__all__ = [
    "BEAT_CHUNK",
    "FUNCTIONS_CHUNK",
    "LIMIT_CHUNK",
    "PATH_CHUNK",
    "PATH_LINES",
    "PATH_SIZE",
    "read_beat",
    "read_count",
    "read_limit",
    "read_path",
    "write_beat",
    "write_count",
    "write_limit",
    "write_path",
]

BEAT_CHUNK = "BEAT"
FUNCTIONS_CHUNK = "FUNC"
LIMIT_CHUNK = "LIMT"
PATH_CHUNK = "PATH"

PATH_SIZE = 4096  # bytes
PATH_LINES = 64
_SHORTEST_BEAT = 0.1  # seconds
_MOST = (1 << 32) - 1


def write_limit(seconds: float) -> bytes:
    """Return the chunk that says how much time a call has; less than none is none."""
    microseconds = min(max(0.0, seconds * 1e6), float(1 << 63))  # infinity is very long
    return int(microseconds).to_bytes(8, "big")


def read_limit(data: bytes) -> float:
    """Undo :func:`write_limit`.

    Raises:
        RemoteProtocolError: It is not 8 bytes.
    """
    return _integer(LIMIT_CHUNK, data, 8) / 1e6


def write_path(path: str) -> bytes:
    """Return the chunk that says who waits for a call, by the lines of *path*.

    Of a longer chain than may be sent the outermost calls are left out.
    """
    lines = path.split("\n")[-PATH_LINES:]
    data = "\n".join(lines).encode("utf-8", "backslashreplace")
    while len(data) > PATH_SIZE:
        _, _, data = data.partition(b"\n")
    return data


def read_path(data: bytes) -> str:
    """Undo :func:`write_path`.

    Raises:
        RemoteProtocolError: It is too long, or not UTF-8.
    """
    if len(data) > PATH_SIZE or data.count(b"\n") >= PATH_LINES:
        lines = data.count(b"\n") + 1
        raise RemoteProtocolError(
            f"{PATH_CHUNK} has {len(data)} bytes in {lines} lines, "
            f"limit is {PATH_SIZE} in {PATH_LINES}"
        )
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError as error:
        raise RemoteProtocolError(f"{PATH_CHUNK} is not UTF-8: {error.reason}") from None


def write_beat(seconds: float) -> bytes:
    """Return the chunk that offers to beat every so many *seconds*."""
    return min(max(1, round(seconds * 1000)), _MOST).to_bytes(4, "big")


def read_beat(data: bytes, own: float) -> float:
    """Return the interval of both, in seconds, where the other side offers *data*.

    Raises:
        RemoteProtocolError: It is not 4 bytes.
    """
    return max(_SHORTEST_BEAT, min(own, _integer(BEAT_CHUNK, data, 4) / 1000))


def write_count(count: int) -> bytes:
    """Return the payload of a CREDIT for *count* more messages."""
    return min(count, _MOST).to_bytes(4, "big")


def read_count(data: bytes) -> int:
    """Undo :func:`write_count`.

    Raises:
        RemoteProtocolError: It is not 4 bytes.
    """
    return _integer("CREDIT", data, 4)


def _integer(what: str, data: bytes, size: int) -> int:
    if len(data) != size:
        raise RemoteProtocolError(f"{what} has {len(data)} bytes, must be {size}")
    return int.from_bytes(data, "big")
