"""An event service in a program with an asyncio loop."""

from __future__ import annotations

from ..aio import Standalone
from .hosting import BaseEventService

__all__ = ["AsyncEventService"]


class AsyncEventService(Standalone, BaseEventService):
    """Events for all programs around, served in the loop of this one.

    Arguments, attributes and errors are those of :class:`pyrophone.events.EventService`. An
    ``async with`` block serves, and ends it; :meth:`serve` waits until it is stopped. The
    name is looked after by a thread of its own.
    """
