"""Events as they travel: one record for each, one behind the other.

The publisher writes the record, the service hands it on as it is, so that one more
subscriber costs no more than the copying of bytes. All numbers are unsigned and
big-endian. A record of an event::

    kind        1 byte    1, and 2 if the topic is to keep it, and 4 if it was kept
    publisher   8 bytes
    number      8 bytes   counts from 1, for each publisher and topic
    time        8 bytes   float, seconds since 1970 by the clock of the publisher
    topic       2 bytes   its length
    value       4 bytes   its length
    the topic, in UTF-8; the value, sealed

A *head* says how far a publisher has come with a topic, where no event does: events up to
its number will not come any more. Those above the last one that came are lost, unless it is
a *position*, with which who subscribes for the first time is told from where to count::

    kind        1 byte    0, and 8 if it is a position
    publisher   8 bytes
    number      8 bytes   of the last one
    base        8 bytes   from where to count, for who has nothing of that publisher yet
    topic       2 bytes   its length
    the topic, in UTF-8
"""

from __future__ import annotations

import hashlib
import math
import struct
from typing import TypeAlias

from ..errors import EventError
from .topics import check_topic

__all__ = [
    "EventRecord",
    "Head",
    "as_kept",
    "pack_event",
    "pack_head",
    "publisher_of",
    "unpack",
]

KEEP = 2
KEPT = 4
POSITION = 8
_IS_EVENT = 1
_EVENT = struct.Struct("!B8sQdHI")
_HEAD = struct.Struct("!B8sQQH")
_KINDS = frozenset({_IS_EVENT, _IS_EVENT | KEEP, _IS_EVENT | KEEP | KEPT})


class EventRecord:
    """An event that travels.

    Attributes:
        topic: Its topic.
        publisher: 16 hexadecimal digits.
        number: From 1 on, for each publisher and topic.
        time: Seconds since 1970.
        keep: Whether the topic is to keep it for who comes later.
        kept: Whether it comes from there.
        data: The record.
        start: Where in it the value begins.
    """

    __slots__ = ("_start", "data", "keep", "kept", "number", "publisher", "time", "topic")

    def __init__(
        self,
        topic: str,
        publisher: str,
        number: int,
        time: float,
        keep: bool,
        kept: bool,
        data: bytes,
        start: int,
    ) -> None:
        self.topic = topic
        self.publisher = publisher
        self.number = number
        self.time = time
        self.keep = keep
        self.kept = kept
        self.data = data
        self._start = start

    @property
    def sealed(self) -> memoryview:
        """The value; see :mod:`.sealed`. Services, where many events wait, do without."""
        return memoryview(self.data)[self._start :]


class Head:
    """How far a publisher has come with a topic.

    Attributes:
        topic: The topic.
        publisher: 16 hexadecimal digits.
        number: Of its last event.
        base: From where to count what was lost, for who knows nothing of that publisher
            and topic.
        position: Whether nothing was lost at all.
    """

    __slots__ = ("base", "number", "position", "publisher", "topic")

    def __init__(
        self,
        topic: str,
        publisher: str,
        number: int,
        base: int,
        position: bool = False,
    ) -> None:
        self.topic = topic
        self.publisher = publisher
        self.number = number
        self.base = base
        self.position = position


Entry: TypeAlias = EventRecord | Head


def publisher_of(key: bytes) -> str:
    """Return the id of the publisher who has *key*.

    Everybody may know the id, as it is in each of its events; who has not the key can't
    publish under it, and thus can't use up its numbers.
    """
    return hashlib.blake2b(key, digest_size=8).hexdigest()


def pack_event(
    topic: str,
    publisher: str,
    number: int,
    time: float,
    sealed: bytes,
    *,
    keep: bool = False,
) -> bytes:
    """Return the record of an event; its parts are valid."""
    name = topic.encode()
    kind = _IS_EVENT | KEEP if keep else _IS_EVENT
    size = len(sealed)
    start = _EVENT.pack(kind, bytes.fromhex(publisher), number, time, len(name), size)
    return b"".join((start, name, sealed))


def pack_head(
    topic: str, publisher: str, number: int, base: int, *, position: bool = False
) -> bytes:
    """Return the record of a head; its parts are valid."""
    name = topic.encode()
    kind = POSITION if position else 0
    return _HEAD.pack(kind, bytes.fromhex(publisher), number, base, len(name)) + name


def as_kept(data: bytes) -> bytes:
    """Return the record of an event that was kept, for who comes later."""
    return bytes([data[0] | KEPT]) + data[1:]


def unpack(data: bytes | bytearray, most: int | None = None) -> list[EventRecord | Head]:
    """Return the events and heads of *data*, in order.

    Args:
        data: The records.
        most: How many there may be.

    Raises:
        EventError: The bytes are no records, or too many; the text says why.
    """
    if not isinstance(data, bytes | bytearray):
        raise EventError(f"records are bytes, not {type(data).__name__}")
    found: list[EventRecord | Head] = []
    start = 0
    try:
        while start < len(data):
            if len(found) == most:
                raise EventError(f"more than {most} events in one message (limit records)")
            if not data[start] & ~POSITION:
                start = _unpack_head(data, start, found)
            else:
                start = _unpack_event(data, start, found)
    except (struct.error, UnicodeDecodeError) as error:
        raise EventError(f"bad record at {start}: {error}") from None
    return found


def _unpack_event(data: bytes | bytearray, start: int, found: list[Entry]) -> int:
    name_size: int
    size: int
    kind, publisher, number, time, name_size, size = _EVENT.unpack_from(data, start)
    if kind not in _KINDS:
        raise EventError(f"bad record at {start}: kind {kind}")
    if not 0 < number < 1 << 63:
        raise EventError(f"bad record at {start}: number {number}")
    if not math.isfinite(time):
        raise EventError(f"bad record at {start}: time {time}")
    middle = start + _EVENT.size + name_size
    end = middle + size
    if end > len(data):
        raise EventError(f"bad record at {start}: it ends early")
    topic = check_topic(str(data[middle - name_size : middle], "utf-8"))
    found.append(
        EventRecord(
            topic,
            publisher.hex(),
            number,
            time,
            bool(kind & KEEP),
            bool(kind & KEPT),
            bytes(data[start:end]),
            middle - start,
        )
    )
    return end


def _unpack_head(data: bytes | bytearray, start: int, found: list[Entry]) -> int:
    name_size: int
    kind, publisher, number, base, name_size = _HEAD.unpack_from(data, start)
    if not base <= number < 1 << 63:
        raise EventError(f"bad record at {start}: number {number}, base {base}")
    end = start + _HEAD.size + name_size
    if end > len(data):
        raise EventError(f"bad record at {start}: it ends early")
    topic = check_topic(str(data[end - name_size : end], "utf-8"))
    found.append(Head(topic, publisher.hex(), number, base, bool(kind)))
    return end
