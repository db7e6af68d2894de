"""What a subscriber has not got: told by the numbers of what it gets."""

from __future__ import annotations

__all__ = ["Losses"]

_KEPT = 10_000  # publishers' topics that are remembered, the newest


class Losses:
    """Counts the events that a subscriber has missed; knows those it has already.

    Each publisher numbers the events of a topic from 1, and all of a topic go to whom its
    pattern fits. So a gap in the numbers is a loss, wherever it happened; a number that was
    there before is an event that was sent twice. A *head* tells the number of the last
    event of a publisher and topic, without the event: by it a loss at the end is seen.

    Args:
        limit: How many pairs of publisher and topic are remembered, the newest.

    Attributes:
        missed: How many were lost in all.
    """

    __slots__ = ("_last", "_limit", "_pending", "missed")

    def __init__(self, limit: int = _KEPT) -> None:
        self._limit = limit
        self._last: dict[tuple[str, str], int] = {}
        self._pending = 0
        self.missed = 0

    def begin(self, publisher: str, topic: str, number: int) -> None:
        """Count from behind *number* on: nothing before it was to come."""
        if number > self._last.get((publisher, topic), -1):
            self._note(publisher, topic, number, 0)

    def take(self, publisher: str, topic: str, number: int) -> int | None:
        """Take note of an event. The first of its publisher and topic leaves no gap.

        Returns:
            How many were lost since the last event that was taken, of any topic; None if
            this one was there before.
        """
        last = self._last.get((publisher, topic), number - 1)
        if number <= last:
            return None
        self._note(publisher, topic, number, number - last - 1)
        pending, self._pending = self._pending, 0
        return pending

    def head(self, publisher: str, topic: str, number: int, base: int) -> int:
        """Take note that nothing up to *number* will come any more.

        Args:
            publisher: Whose events they are.
            topic: Their topic.
            number: Of the last.
            base: From where to count if nothing of publisher and topic was there before.

        Returns:
            How many of those events were lost.
        """
        last = self._last.get((publisher, topic), base)
        if number < last or (number == last and (publisher, topic) in self._last):
            return 0
        self._note(publisher, topic, number, number - last)
        return number - last

    def heads(self) -> list[tuple[str, str, int]]:
        """Return publisher, topic and last number of all that is remembered."""
        return [(*pair, number) for pair, number in self._last.items()]

    def _note(self, publisher: str, topic: str, number: int, lost: int) -> None:
        self.missed += lost
        self._pending += lost
        pair = (publisher, topic)
        self._last.pop(pair, None)  # so that it is the newest
        self._last[pair] = number
        if len(self._last) > self._limit:
            del self._last[next(iter(self._last))]
