"""The daemons that one loop serves."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Any, Protocol

from .poller import Poller

__all__ = ["Group", "Member"]


class Member(Protocol):
    """What a group needs from a daemon.

    Attributes:
        interval: Longest wait between two looks at its deadlines, in seconds.
        stopping: Whether it is to end.
        interrupted: Whether Ctrl-C was pressed while it ran a call.
        tick: Longest wait while it has something to watch over, else None.
    """

    interval: float
    tick: float | None
    stopping: bool
    interrupted: bool

    def look_after(self, now: float) -> None:
        """See to what is due."""

    def finish(self) -> None:
        """End, now."""


class Group:
    """The daemons that wait together, at first one, and what they wait with.

    Attributes:
        poller: Things in it are called, without arguments, when they are ready.
        members: The daemons.
        thread: Identity of the thread that serves them at this moment, or None.
        watched: What else is waited for: sockets, or what has a ``fileno()``.
    """

    def __init__(self) -> None:
        self.poller = Poller()
        self.members: list[Member] = []
        self.thread: int | None = None
        self.watched: list[Any] = []

    @property
    def interval(self) -> float:
        """Longest wait that suits all members, in seconds."""
        members = self.members
        if len(members) == 1:  # as nearly always, and asked for in each round
            return members[0].interval
        return min((member.interval for member in members), default=0.0)

    def process(self, timeout: float, sockets: Iterable[Any] | None) -> None:
        """Do what is there to do, for all members; see ``LoopDaemon.process``."""
        self.thread = threading.get_ident()
        members = self.members
        try:
            if sockets is not None:
                ready = self.poller.things(sockets)
            else:
                for member in members:
                    if member.stopping:
                        timeout = 0.0
                    elif member.tick is not None and member.tick < timeout:
                        timeout = member.tick
                ready = self.poller.poll(timeout)
            for act in ready:
                act()
            now = time.monotonic()
            for member in members:
                member.look_after(now)
        finally:
            self.thread = None
        for member in members:
            if member.interrupted:
                self.interrupt()
                break
        for member in members:
            if member.stopping:
                member.finish()

    def interrupt(self) -> None:
        """End all members; Ctrl-C was meant for them all."""
        for member in self.members:
            member.interrupted = True
            member.finish()

    def absorb(self, other: Group) -> None:
        """Take over the members of *other*, and what it waits for."""
        other.poller.move(self.poller)
        self.members = [*self.members, *other.members]
        self.watched = [*self.watched, *other.watched]

    def leave(self, member: Member) -> None:
        """Let *member* go; with the last one the poller ends."""
        self.members = [one for one in self.members if one is not member]
        if not self.members:
            self.poller.close()
