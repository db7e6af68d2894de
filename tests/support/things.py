"""An object with one of each kind of member, for servers of ours and of the real ones.

What marks members differs, so nothing is marked here: :func:`mark` does that. This is
imported in the environments of the real ones, too, and needs nothing.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any

__all__ = ["Thing", "mark"]

WAIT = 10  # seconds until something that does not come is an error


class Thing:
    """One of each kind of member, as far as they are written in the same way.

    Attributes:
        errors: What :meth:`fail` raises, by name.
    """

    errors: dict[str, BaseException]

    def __init__(self) -> None:
        self._value: Any = 3
        self._notes: queue.Queue[Any] = queue.Queue()
        self._closed = threading.Event()

    def add(self, a: Any, b: Any) -> Any:
        """Return the sum."""
        return a + b

    def power(self, base: int, exponent: int = 2) -> int:
        """Take a keyword argument with a default."""
        return int(base**exponent)

    def keywords(self, **named: Any) -> dict[str, Any]:
        """Return all keyword arguments."""
        return named

    def echo(self, value: Any) -> Any:
        """Return *value*."""
        return value

    def repr(self, value: Any) -> str:
        """Tell what arrived."""
        return repr(value)

    def unlucky(self) -> Any:
        """Return what no serializer can write."""
        return {"a": [1, threading.Lock()]}

    @property
    def value(self) -> Any:
        """Can be read and written."""
        return self._value

    @value.setter
    def value(self, value: Any) -> None:
        self._value = value

    @property
    def fixed(self) -> str:
        """Can be read only."""
        return "fixed"

    @property
    def letters(self) -> Iterator[str]:
        """An item stream."""
        return iter("abc")

    def fail(self, name: str) -> None:
        """Raise an exception."""
        raise self.errors[name]

    def fail_as_callback(self) -> None:
        """Raise an exception that is logged here, too."""
        raise ValueError("in a callback")

    def note(self, text: Any) -> None:
        """Remember *text*, without an answer."""
        self._notes.put(text)

    def note_and_fail(self, text: Any) -> None:
        """Remember *text*, then raise what nobody will see."""
        self._notes.put(text)
        raise ValueError("unseen")

    def noted(self) -> Any:
        """Wait for the next note and return it."""
        return self._notes.get(timeout=WAIT)

    def numbers(self, count: int) -> Iterator[int]:
        """Return an item stream, whose end can be waited for."""
        try:
            yield from range(count)
        finally:
            self._closed.set()

    def was_closed(self) -> bool:
        """Wait until the stream of ``numbers`` has ended, whichever way."""
        return self._closed.wait(WAIT)

    def faulty(self) -> Iterator[int]:
        """Return an item stream that fails at its second item."""
        yield 1
        raise ValueError("second item", 2)

    def nested(self) -> Iterator[Iterator[int]]:
        """Return an item stream of item streams."""
        yield iter([1, 2])
        yield iter([3])

    def make_many(self, name: str) -> dict[str, Any]:
        """Return one inside a container."""
        return {"things": [self.make(name)]}

    def ask(self, other: Any) -> str:
        """Call *other*, which arrives as a proxy."""
        with other:
            return str(other.name())

    def answer_and_fail(self, text: str) -> None:
        """Set an annotation for the reply, then fail."""
        self.answer(text)
        raise ValueError(text)

    def answer_and_make(self, text: str) -> Any:
        """Set an annotation for the reply, then return a registered object."""
        self.answer(text)
        return self.make(text)

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> str:
        return "xyz"[index]

    def make(self, name: str) -> Any:
        """Return an object registered just now: a proxy arrives."""
        raise NotImplementedError

    def answer(self, text: str) -> str:
        """Send an annotation back."""
        raise NotImplementedError


def mark(library: Any) -> None:
    """Mark the members by the decorators of *library*, of which a process has one."""
    for name in ("note", "note_and_fail"):
        setattr(Thing, name, library.oneway(getattr(Thing, name)))
    callback = library.callback(Thing.fail_as_callback)
    Thing.fail_as_callback = callback  # type: ignore[method-assign]
    library.expose(Thing)
