"""What may follow what in a conversation, as tables.

A state maps each kind of message that may be received, or sent, in it to the
state that follows. What is not in a table is an error: of the other side if
received, of this side if sent. Features allow more, once the conversation is open, and
change no state. ``docs/reference/wire.md`` shows the diagrams.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from . import features
from .framing import (
    CANCEL,
    CONNECT,
    CONNECT_FAIL,
    CONNECT_OK,
    CREDIT,
    INVOKE,
    ITEMS,
    PING,
    RESULT,
)

__all__ = [
    "CLIENT_ADDS",
    "CLIENT_RECEIVES",
    "CLIENT_SENDS",
    "CLOSED",
    "GREETING",
    "NEW",
    "OPEN",
    "SERVER_ADDS",
    "SERVER_RECEIVES",
    "SERVER_SENDS",
    "STATE_NAMES",
    "added",
    "expected",
]

# A session moves only down this list.
NEW = 0
GREETING = 1
OPEN = 2
CLOSED = 3

STATE_NAMES = {NEW: "new", GREETING: "greeting", OPEN: "open", CLOSED: "closed"}

Table = Mapping[int, Mapping[int, int]]

CLIENT_SENDS: Table = {
    NEW: {CONNECT: GREETING},
    GREETING: {},
    OPEN: {INVOKE: OPEN, PING: OPEN},
    CLOSED: {},
}
CLIENT_RECEIVES: Table = {
    NEW: {},
    GREETING: {CONNECT_OK: OPEN, CONNECT_FAIL: CLOSED},
    OPEN: {RESULT: OPEN, PING: OPEN},
    CLOSED: {},
}
SERVER_RECEIVES: Table = {
    NEW: {CONNECT: GREETING},
    GREETING: {},  # what comes before the greeting is answered waits
    OPEN: {INVOKE: OPEN, PING: OPEN},
    CLOSED: {},
}
SERVER_SENDS: Table = {
    NEW: {CONNECT_FAIL: CLOSED},
    GREETING: {CONNECT_OK: OPEN, CONNECT_FAIL: CLOSED},
    OPEN: {RESULT: OPEN, PING: OPEN},
    CLOSED: {},
}

# What an end may send besides, in OPEN, where a feature is in force.
Additions = Mapping[str, tuple[int, ...]]

CLIENT_ADDS: Additions = MappingProxyType(
    {features.CANCEL: (CANCEL,), features.FLOW: (RESULT, CANCEL, ITEMS, CREDIT)}
)
SERVER_ADDS: Additions = MappingProxyType({features.FLOW: (INVOKE, CANCEL, ITEMS, CREDIT)})


def added(additions: Additions, agreed: Collection[str]) -> int:
    """Return the kinds that the features *agreed* on allow, as a sum of ``1 << kind``."""
    kinds = {kind for name, more in additions.items() if name in agreed for kind in more}
    return sum(1 << kind for kind in kinds)


def expected(table: Table, state: int) -> int:
    """Return the kinds that *table* allows in *state*, as a sum of ``1 << kind``."""
    return sum(1 << kind for kind in table[state])
