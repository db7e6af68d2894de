"""A name server in a program with an asyncio loop."""

from __future__ import annotations

from ..aio import Standalone
from .service import BaseNameService

__all__ = ["AsyncNameService"]


class AsyncNameService(Standalone, BaseNameService):
    """A name server in the loop of the program, that others can call and find.

    Arguments, attributes and errors are those of :class:`pyrophone.naming.NameService`. An
    ``async with`` block serves, and ends it; :meth:`serve` waits until it is stopped.
    The names, the answers to broadcasts and the looking after names have threads of their
    own.
    """

    def _give_up(self) -> None:
        self._silence()
        self._daemon.listener.close()
