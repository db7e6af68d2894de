"""What a proxy is by itself: where its object is, whose it is, its connection."""

from __future__ import annotations

import logging
import socket
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Self

from pyrophone import finding
from pyrophone.classic.binding import ClassicBinding
from pyrophone.context import answered
from pyrophone.sync.drive import drive

from .border import translated
from .callcontext import current_context
from .dialing import Line, dial, greet, serializer_of
from .errors import PyroError
from .generation import PYRO5
from .owners import identity
from .tables import seconds, settings
from .uris import URI, plain

__all__ = ["Binding"]


class Binding(ClassicBinding):
    """A proxy without the members of its object, for the thread that owns it."""

    _pyroGeneration = PYRO5
    _pyroLog = logging.getLogger("Pyro5.client")

    def _pyroSetUp(self, uri: Any) -> None:
        super()._pyroSetUp(uri)
        self._pyroLocalSocket: Any = None
        self._pyroOwner: Any = identity()

    def _pyroClaimOwnership(self) -> None:
        """Make the calling thread the owner."""
        self._pyroOwner = identity()

    def _pyroGuard(self) -> AbstractContextManager[object]:
        if self._pyroOwner != identity():
            raise PyroError(
                "the calling thread is not the owner of this proxy, create a new proxy "
                "in this thread or transfer ownership."
            )
        self._pyroLookAround()
        return nullcontext()

    def _pyroOpen(self) -> URI:
        with translated():
            how = settings(timeout=seconds(self._pyroLimit))
            uri = URI.of(drive(finding.resolve(plain(self._pyroUri), settings=how), how))
        serializer = serializer_of(self._pyroSerializer)
        line = dial(uri, self._pyroLimit)
        try:
            with current_context.outgoing():
                welcome = greet(line, uri, serializer, self._pyroHandshake, self._pyroSeq)
                answered(welcome.annotations)
            self._pyroTake(line)
            self._pyroValidateHandshake(welcome.handshake)
            self._pyroTakeMetadata(welcome.metadata)
        except BaseException:  # or the next call would use a connection that was refused
            line.close()
            self._pyroDrop()
            raise
        security = "SSL" if line.getpeercert() is not None else "unencrypted"
        self._pyroLog.debug("connected to %s - %s - %s", uri, line.family(), security)
        return uri

    def _pyroAdopt(self, sock: socket.socket) -> None:
        """Use a connected socket, whose other end a daemon was given."""
        sock.settimeout(seconds(self._pyroLimit))
        self._pyroTake(Line(sock, self._pyroUri.object, keep_open=True))
        self._pyroGetMetadata()

    def _pyroTake(self, line: Line | None) -> None:
        self._pyroConnection = line
        self._pyroLocalSocket = None if line is None else line.sock.getsockname()

    def _pyroRemark(self) -> str:
        return f"; owner {self._pyroOwner}"

    def __copy__(self) -> Self:
        new = type(self).__new__(type(self))
        new.__setstate__(self.__getstate__())
        new._pyroTimeout = self._pyroLimit
        new._pyroMaxRetries = self._pyroMaxRetries
        new._pyroRawWireResponse = self._pyroRawWireResponse
        return new

    def __getstate__(self) -> tuple[Any, ...]:
        return (
            str(self._pyroUri),
            tuple(self._pyroOneway),
            tuple(self._pyroMethods),
            tuple(self._pyroAttrs),
            self._pyroHandshake,
            self._pyroSerializer,
        )

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._pyroSetUp(URI(state[0]))
        self._pyroOneway, self._pyroMethods, self._pyroAttrs = map(set, state[1:4])
        self._pyroHandshake, self._pyroSerializer = state[4:]
