"""What subscribers get: one event."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

__all__ = ["Event"]


class Event:
    """Something that a publisher told those who listen to a topic.

    Two events are equal if all that was published is.

    Args:
        topic: What it is about, ``lab.room1.temperature``.
        value: What was published; or *opened*, which gives it.
        number: The publisher counts the events of each topic, from 1.
        publisher: Id of the publisher.
        time: When it was published, in seconds by the publisher's clock.
        kept: Whether it was there before the subscription: the last value of its topic.
        missed: How many events of the subscription were lost since the one before.
        opened: Gives the value when it is asked for, in place of *value*.

    Attributes:
        topic: Likewise, as are the others.
    """

    __slots__ = (
        "_opened",
        "_value",
        "kept",
        "missed",
        "number",
        "publisher",
        "time",
        "topic",
    )

    def __init__(
        self,
        topic: str,
        value: Any,
        number: int,
        publisher: str,
        time: float,
        kept: bool = False,
        missed: int = 0,
        *,
        opened: Callable[[], Any] | None = None,
    ) -> None:
        self.topic = topic
        self._value = value
        self._opened = opened
        self.number = number
        self.publisher = publisher
        self.time = time
        self.kept = kept
        self.missed = missed

    @property
    def value(self) -> Any:
        """What was published.

        Raises:
            SerializeError: It can't be read here; the other events can.
            SecurityError: Likewise.
        """
        if self._opened is not None:
            self._value = self._opened()
            self._opened = None
        return self._value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Event):
            return NotImplemented
        return self._key == other._key and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[str, str, int]:
        return self.publisher, self.topic, self.number

    def __repr__(self) -> str:
        try:
            value = repr(self.value)
        except Exception as error:  # the user's classes, or a value that can't be read
            value = f"({type(error).__name__}: {error})"
        try:
            moment = datetime.datetime.fromtimestamp(self.time)
            when = moment.isoformat(" ", "milliseconds")
        except (OverflowError, ValueError, OSError):  # whatever its publisher has said
            when = str(self.time)
        notes = " kept" * self.kept + f" missed={self.missed}" * bool(self.missed)
        return f"<Event {self.topic} {value} #{self.number} at {when}{notes}>"
