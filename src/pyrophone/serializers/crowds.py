"""Keys with the same hash: how many one container may have.

Dictionaries and sets find a key by its hash, and pass all that have the same on the way.
The hash of text is random in each process. That of numbers, and of all that is made of
them, is not: who knows it can send thousands that are alike, and building one container
of these would take longer than a day of usual calls, all other threads stopped.
So what a peer sends is watched while it is put into one.

Keys of other hashes can meet in a table, too; what is here does not see that.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from ..errors import SerializeError

__all__ = ["MOST_ALIKE", "Crowd", "check_keys"]

# Enough for what is alike by chance: all powers of two that are floats (35 each), and
# tuples of up to seven numbers that may be -1 or -2, which have one hash. A key that
# passes so many on its way costs 1 µs, or 50 if it is a fraction.
MOST_ALIKE = 128
_SHORT = sys.hash_info.modulus  # two integers between -_SHORT and this have two hashes


class Crowd:
    """Looks at a mapping while it grows.

    Its reader calls :meth:`look` each time that :data:`MOST_ALIKE` keys more are in it, and
    if it has more than these at the end.
    """

    __slots__ = ("_counts", "_seen")

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._seen = 0

    def look(self, mapping: Mapping[Any, Any]) -> None:
        """Look at the keys that are new in *mapping*.

        Raises:
            SerializeError: Too many have one hash.
        """
        size = len(mapping)
        self._add(islice(reversed(mapping), size - self._seen))
        self._seen = size

    def _add(self, keys: Iterable[Any]) -> None:
        hashes = _doubtful(keys)
        if hashes:
            self._counts.update(hashes)
            if max(map(self._counts.__getitem__, hashes)) > MOST_ALIKE:
                raise _crowded()


def check_keys(keys: Sequence[Any]) -> None:
    """Look at what is to be put into one container; the same one may come again.

    Raises:
        SerializeError: Too many have one hash.
        TypeError: One can't be a key.
    """
    if len(keys) <= MOST_ALIKE:
        return
    counts = Counter(_doubtful(keys))
    crowds = {alike for alike, number in counts.items() if number > MOST_ALIKE}
    different: dict[int, set[Any]] = {alike: set() for alike in crowds}
    for key in keys if crowds else ():
        if hash(key) in crowds:
            different[hash(key)].add(key)
            if len(different[hash(key)]) > MOST_ALIKE:
                raise _crowded()


def _doubtful(keys: Iterable[Any]) -> list[int]:
    """Return the hashes of those keys that others could be made like."""
    return [
        hash(key)
        for key in keys
        if type(key) is not str and (type(key) is not int or not -_SHORT < key < _SHORT)
    ]


def _crowded() -> SerializeError:
    return SerializeError(f"more than {MOST_ALIKE} keys with the same hash")
