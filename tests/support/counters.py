"""An object that counts, and does what else tests of clients ask of one."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from pyrophone import expose
from pyrophone.objects.exposure import oneway
from running import LIMIT

__all__ = ["Counter"]


@expose
class Counter:
    """Counts, and what else a test asks of an object."""

    def __init__(self) -> None:
        self.value = 0
        self.heard: list[int] = []
        self.changed = threading.Event()
        self.release = threading.Event()
        self.level = 3

    def add(self, n: int = 1) -> int:
        self.value += n
        return self.value

    def echo(self, value: object) -> object:
        return value

    def fail(self) -> None:
        raise ZeroDivisionError("by zero")

    def wait(self) -> str:
        self.release.wait(LIMIT)
        return "waited"

    @oneway
    def hear(self, number: int = 0) -> None:
        self.heard.append(number)
        self.changed.set()

    def items(self, count: int) -> Iterator[int]:
        yield from range(count)

    def __iter__(self) -> Iterator[int]:
        return iter([1, 2, 3])

    def __len__(self) -> int:
        return 3

    @property
    def size(self) -> int:
        return self.level

    @size.setter
    def size(self, size: int) -> None:
        self.level = size
