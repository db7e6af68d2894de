"""The last values of topics, as many as there may be."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

__all__ = ["Kept"]

T = TypeVar("T")


class Kept(Generic[T]):
    """Keeps a value for each of some topics, those that were set last.

    Args:
        most: For how many topics.
        most_size: How many bytes of values.
    """

    def __init__(self, most: int, most_size: int) -> None:
        self._most = most
        self._most_size = most_size
        self._values: OrderedDict[str, tuple[T, int]] = OrderedDict()  # with their sizes
        self._size = 0

    def keep(self, topic: str, value: T, size: int) -> None:
        """Keep *value*, of *size* bytes, in place of what was there."""
        self.forget(topic)
        self._values[topic] = value, size
        self._size += size
        while len(self._values) > self._most or self._size > self._most_size:
            self.forget(next(iter(self._values)))

    def forget(self, topic: str) -> bool:
        """Keep no value of *topic* any more; tell whether there was one."""
        before = self._values.pop(topic, None)
        if before is None:
            return False
        self._size -= before[1]
        return True

    def get(self, topic: str) -> T | None:
        """Return the value of *topic*, if there is one."""
        found = self._values.get(topic)
        return None if found is None else found[0]

    def topics(self) -> list[str]:
        """Return whose values are kept, the oldest first."""
        return list(self._values)

    def values(self) -> list[T]:
        """Return them, the oldest first."""
        return [value for value, _ in self._values.values()]

    def __len__(self) -> int:
        return len(self._values)
