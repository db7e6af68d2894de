"""A subscriber by the rules of records: counts what it lost, drops repetitions."""

from __future__ import annotations

from pyrophone.events.records import Head, pack_event, pack_head, publisher_of, unpack

__all__ = ["Pair", "Reader", "event", "key", "publisher"]

Pair = tuple[str, str]


def key(number: int) -> bytes:
    """Return the key of a publisher."""
    return number.to_bytes(16)


def publisher(number: int) -> str:
    """Return its id."""
    return publisher_of(key(number))


def event(topic: str, number: int, by: int = 1, size: int = 0, keep: bool = False) -> bytes:
    """Return the record of an event."""
    return pack_event(topic, publisher(by), number, 0.0, b"x" * size, keep=keep)


class Reader:
    """Takes records in.

    Attributes:
        known: The last number of each publisher and topic.
        got: The numbers of the events of each, in order.
        missed: How many events of each will not come.
    """

    def __init__(self) -> None:
        self.known: dict[Pair, int] = {}
        self.got: dict[Pair, list[int]] = {}
        self.missed: dict[Pair, int] = {}

    @property
    def total(self) -> int:
        """How many events were missed."""
        return sum(self.missed.values())

    def read(self, data: bytes) -> None:
        """Take in a portion."""
        for entry in unpack(data):
            pair = entry.publisher, entry.topic
            if isinstance(entry, Head):
                lost = entry.number - self.known.get(pair, entry.base)
                lost = 0 if entry.position else lost
            else:
                lost = entry.number - self.known.get(pair, entry.number - 1) - 1
                if lost < 0:
                    continue
                self.got.setdefault(pair, []).append(entry.number)
            self.missed[pair] = self.missed.get(pair, 0) + max(lost, 0)
            self.known[pair] = max(self.known.get(pair, 0), entry.number)

    def since(self) -> bytes:
        """Return the heads with which to go on."""
        return b"".join(
            pack_head(topic, by, number, number)
            for (by, topic), number in self.known.items()
        )
