"""Who wants to hear of what."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from ..errors import PyroError
from .deliveries import Delivery
from .patterns import Pattern

__all__ = ["LONGEST_SUBJECT", "Subscriptions", "texts"]

LONGEST_SUBJECT = 500  # characters
MOST_SUBSCRIBERS = 500  # each may take a thread and a connection
MOST_SUBJECTS = 10_000  # of one subscriber, and of one call
MOST_PATTERNS = 50  # of one subscriber
MOST_OF_ALL = 100_000  # subjects of all subscribers together
MOST_STEPS_OF_ALL = 10_000  # of all patterns together: each new subject may take them all
_MOST_ROUTES = 1000  # subjects for which it is remembered who wants them


class _Subscriber:
    """What one subscriber wants."""

    __slots__ = ("delivery", "patterns", "subjects")

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.subjects: set[str] = set()
        self.patterns: set[str] = set()


class Subscriptions:
    """The subscribers, by what they want. Any thread may use it.

    Patterns are matched outside of the lock, once for all who have the same one, and for
    each subject once, as long as nobody subscribes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribers: dict[str, _Subscriber] = {}
        self._patterns: dict[str, Pattern] = {}
        self._routes: dict[str, list[Delivery]] = {}

    def add(self, identity: str, subjects: list[str], make: Callable[[], Delivery]) -> None:
        """Have a subscriber hear of *subjects*, spelled in any case.

        Args:
            identity: Who it is.
            subjects: What it wants.
            make: Makes its delivery, if it is new.

        Raises:
            PyroError: It wants too much, or there are too many.
        """
        names = {_short(subject).lower() for subject in subjects}
        with self._lock:
            subscriber = self._subscriber(identity, make)
            wanted = subscriber.subjects | names
            if len(wanted) > MOST_SUBJECTS:
                raise PyroError(f"more than {MOST_SUBJECTS} subjects of one subscriber")
            more = len(wanted) - len(subscriber.subjects)
            others = sum(len(one.subjects) for one in self._subscribers.values())
            if more and others + more > MOST_OF_ALL:
                raise PyroError(f"more than {MOST_OF_ALL} subjects of all subscribers")
            subscriber.subjects = wanted
            self._keep(identity, subscriber)

    def add_patterns(
        self, identity: str, patterns: list[str], make: Callable[[], Delivery]
    ) -> None:
        """Have a subscriber hear of all subjects that match one of *patterns*.

        Raises:
            re.error: One is no regular expression, or one that is not allowed.
            PyroError: It wants too much, or there are too many.
        """
        few = list(dict.fromkeys(patterns))[: MOST_PATTERNS + 1]  # more are too many anyway
        made = {text: Pattern(text) for text in few}
        with self._lock:
            subscriber = self._subscriber(identity, make)
            wanted = subscriber.patterns | made.keys()
            if len(wanted) > MOST_PATTERNS:
                raise PyroError(f"more than {MOST_PATTERNS} patterns of one subscriber")
            known = made | self._patterns
            more = len(known) - len(self._patterns)
            if more and sum(one.steps for one in known.values()) > MOST_STEPS_OF_ALL:
                raise PyroError("the patterns of all subscribers take too many steps")
            subscriber.patterns = wanted
            self._patterns = known
            self._keep(identity, subscriber)

    def remove(self, identity: str, wanted: list[str]) -> None:
        """End subscriptions, given as subjects or as patterns; others are ignored."""
        with self._lock:
            subscriber = self._subscribers.get(identity)
            if subscriber is not None:
                subscriber.subjects = subscriber.subjects - {s.lower() for s in wanted}
                subscriber.patterns = subscriber.patterns - set(wanted)
                self._tidy(identity, subscriber)

    def find(self, subject: str) -> list[Delivery]:
        """Return to whom an event goes: somebody twice, if two subscriptions match.

        Raises:
            PyroError: The subject is too long.
        """
        name = _short(subject).lower()
        with self._lock:
            routes = self._routes
            if name in routes:
                return routes[name]
            patterns, subscribers = self._patterns, list(self._subscribers.values())
        matching = {text for text, pattern in patterns.items() if pattern.matches(subject)}
        found = []
        for one in subscribers:
            times = (name in one.subjects) + len(one.patterns & matching)
            found += [one.delivery] * times
        with self._lock:
            if routes is self._routes:  # nobody has subscribed meanwhile
                if len(routes) >= _MOST_ROUTES:
                    routes.clear()
                routes[name] = found
        return found

    def ended(self, identity: str, delivery: Delivery) -> None:
        """Forget a subscriber that can't be reached, or wants nothing any more."""
        with self._lock:
            subscriber = self._subscribers.get(identity)
            if subscriber is not None and subscriber.delivery is delivery:
                self._tidy(identity, subscriber)

    def close(self) -> None:
        """Forget all."""
        with self._lock:
            forgotten = list(self._subscribers.values())
            self._subscribers.clear()
            self._patterns, self._routes = {}, {}
        for subscriber in forgotten:
            subscriber.delivery.close()

    def _subscriber(self, identity: str, make: Callable[[], Delivery]) -> _Subscriber:
        known = self._subscribers.get(identity)
        if known is not None and not known.delivery.failed:
            return known
        if len(self._subscribers) >= MOST_SUBSCRIBERS:
            raise PyroError(f"more than {MOST_SUBSCRIBERS} subscribers")
        return _Subscriber(make())

    def _keep(self, identity: str, subscriber: _Subscriber) -> None:
        if subscriber.subjects or subscriber.patterns:
            self._subscribers[identity] = subscriber
            self._routes = {}

    def _tidy(self, identity: str, subscriber: _Subscriber) -> None:
        """Forget what nobody wants."""
        wants = subscriber.subjects or subscriber.patterns
        if subscriber.delivery.failed or (not wants and subscriber.delivery.idle):
            del self._subscribers[identity]
        wanted = {text for one in self._subscribers.values() for text in one.patterns}
        if len(wanted) < len(self._patterns):
            self._patterns = {k: v for k, v in self._patterns.items() if k in wanted}
        self._routes = {}


def texts(given: Any) -> list[str]:
    """Return the subjects or patterns that a caller gives: one, or several, or none.

    Raises:
        TypeError: Something else.
    """
    if not given:
        return []
    several = [given] if isinstance(given, str) else given
    if isinstance(several, Iterable) and not isinstance(several, bytes | bytearray):
        found = list(several)
        if len(found) > MOST_SUBJECTS:
            raise PyroError(f"more than {MOST_SUBJECTS} subjects at once")
        if all(isinstance(one, str) for one in found):
            return found
    raise TypeError("subjects and patterns are texts, one or several")


def _short(subject: str) -> str:
    if len(subject) > LONGEST_SUBJECT:
        raise PyroError(f"subject of more than {LONGEST_SUBJECT} characters")
    return subject
