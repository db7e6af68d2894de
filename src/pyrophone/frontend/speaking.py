"""What a daemon speaks: the sessions of its clients, in the dialects that it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

from ..serializers.classes import ClassTable
from ..serializers.codecs import Codecs
from ..settings import Settings
from ..uri import URI
from ..wire.dialects import PYRO5, Dialect, choose
from ..wire.server import ServerSession
from .dialects import find_dialects
from .registry import Registry

__all__ = ["Speaker"]


class Speaker(Registry):
    """Objects of this process, and sessions in which others can call them.

    Args:
        location: See :class:`.Registry`, for these and what follows.
        settings: Likewise.
        classes: Likewise.
        guard: Likewise.
        dialects: What else to answer, by name or as it is; None is what the settings say.

    Raises:
        DaemonError: There is no dialect of that name.

    Attributes:
        features: What extensions of the wire to take part in.
    """

    features: frozenset[str] = frozenset()

    def __init__(
        self,
        location: URI,
        settings: Settings,
        classes: ClassTable | None,
        guard: Callable[[], AbstractContextManager[Any]],
        dialects: Iterable[str | Dialect] | None = None,
    ) -> None:
        self._others = find_dialects(settings.dialects if dialects is None else dialects)
        self._codecs_by_dialect: dict[str, Codecs] = {}
        super().__init__(location, settings, classes, guard)

    def reconfigure(self, settings: Settings) -> None:
        """Use other settings from now on."""
        self.settings = settings
        self.codecs = self.serializers(settings, self.codecs.classes)
        self._codecs_by_dialect = {}

    def session(self, *, greeted: bool = False) -> ServerSession:
        """Return the session of a new client; a subclass may trace it, for one."""
        return self.session_in(self.speaks(), greeted=greeted)

    def session_for(self, start: bytes, *, greeted: bool = False) -> ServerSession | None:
        """Return the session of a client who speaks another dialect.

        Args:
            start: How its conversation begins.
            greeted: No greeting is exchanged.

        Returns:
            None if no other dialect that is answered begins so.
        """
        dialect = choose(start, self.answers())
        return None if dialect is None else self.session_in(dialect, greeted=greeted)

    def session_in(self, dialect: Dialect, *, greeted: bool = False) -> ServerSession:
        """Return the session of a new client who speaks *dialect*."""
        return ServerSession(
            self.codecs_in(dialect),
            max_size=self.settings.max_message_size,
            handshake_size=self.settings.handshake_size,
            compress=self.settings.compression,
            greeted=greeted,
            supported=self.features,
            beat=self.settings.beat,
            dialect=dialect,
        )

    def speaks(self) -> Dialect:
        """Return the dialect that clients are expected to speak."""
        return PYRO5

    def answers(self) -> Iterable[Dialect]:
        """Return the other dialects that clients may speak."""
        return self._others

    def codecs_in(self, dialect: Dialect) -> Codecs:
        """Return what to read and write with, in *dialect*."""
        if dialect.name == self.speaks().name:
            return self.codecs
        if dialect.name not in self._codecs_by_dialect:
            self._codecs_by_dialect[dialect.name] = self.codecs_for(
                self.settings, self.codecs.classes, dialect
            )
        return self._codecs_by_dialect[dialect.name]
