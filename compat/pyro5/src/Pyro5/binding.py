"""What a proxy is by itself: where its object is, whose it is, its connection."""

from __future__ import annotations

import logging
import socket
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from pyrophone import finding
from pyrophone.context import answered
from pyrophone.sync.drive import drive
from pyrophone.wire.metadata import Metadata

from .border import translated
from .callcontext import current_context
from .configure import global_config as config
from .dialing import Line, dial, greet, serializer_of
from .errors import CommunicationError, ConnectionClosedError, PyroError
from .owners import identity
from .socketutil import SocketConnection
from .tables import seconds, settings
from .uris import URI, plain

__all__ = ["Binding"]

_LOG = logging.getLogger("Pyro5.client")
_PAUSE = 2.0  # seconds between attempts to reconnect


class Binding:
    """A proxy without the members of its object. Its own names begin with ``_pyro``."""

    def _pyroSetUp(self, uri: URI) -> None:
        self._pyroUri = uri
        self._pyroConnection: Any = None
        self._pyroLocalSocket: Any = None
        self._pyroMethods: set[str] = set()
        self._pyroAttrs: set[str] = set()
        self._pyroOneway: set[str] = set()
        self._pyroLimit: float | None = config.COMMTIMEOUT
        self._pyroMaxRetries: int = config.MAX_RETRIES
        self._pyroSerializer: str | None = None
        self._pyroHandshake: Any = "hello"
        self._pyroRawWireResponse = False
        self._pyroSeq = 0
        self._pyroSending = False
        self._pyroOwner: Any = identity()

    # Connecting.

    def _pyroBind(self) -> bool:
        """Connect; return whether that was needed. The URI then is that of the object."""
        self._pyroCheckOwner()
        if self._pyroConnection is not None:
            return False
        self._pyroUri = self._pyroOpen()
        return True

    def __del__(self) -> None:
        # The socket is younger, so when both are garbage it must be told first.
        connection = vars(self).get("_pyroConnection")
        if connection is not None:
            with suppress(Exception):  # of stand-ins, too, and while Python ends
                connection.close()

    def _pyroRelease(self) -> None:
        """Close the connection; the next use makes a new one."""
        self._pyroCheckOwner()
        self._pyroDrop()

    def _pyroReconnect(self, tries: int = 100000000) -> None:
        """Connect anew, with pauses of two seconds between the attempts.

        Raises:
            ConnectionClosedError: The last one failed, too.
        """
        self._pyroRelease()
        for left in range(tries, 0, -1):
            try:
                self._pyroBind()
                return
            except CommunicationError:
                if left > 1:
                    time.sleep(_PAUSE)
        _LOG.error("failed to reconnect")
        raise ConnectionClosedError("failed to reconnect")

    def _pyroClaimOwnership(self) -> None:
        """Make the calling thread the owner."""
        self._pyroOwner = identity()

    def _pyroValidateHandshake(self, response: Any) -> None:
        """Judge what the daemon answered; override, and raise to refuse the daemon."""

    @property
    def _pyroTimeout(self) -> float | None:
        """Limit of one call in seconds; None and 0 are none."""
        return self._pyroLimit

    @_pyroTimeout.setter
    def _pyroTimeout(self, value: float | None) -> None:
        self._pyroLimit = value
        if self._pyroConnection is not None:
            self._pyroConnection.timeout = seconds(value)

    def _pyroCheckOwner(self) -> None:
        if self._pyroOwner != identity():
            raise PyroError(
                "the calling thread is not the owner of this proxy, create a new proxy "
                "in this thread or transfer ownership."
            )

    def _pyroOpen(self) -> URI:
        """Connect; return the URI of the object."""
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
        _LOG.debug("connected to %s - %s - %s", uri, line.family(), security)
        return uri

    def _pyroAdopt(self, sock: socket.socket) -> None:
        """Use a connected socket, whose other end a daemon was given."""
        sock.settimeout(seconds(self._pyroLimit))
        self._pyroTake(Line(sock, self._pyroUri.object, keep_open=True))
        self._pyroGetMetadata()

    def _pyroTake(self, line: SocketConnection) -> None:
        self._pyroConnection = line
        self._pyroLocalSocket = line.sock.getsockname()

    def _pyroKnow(self) -> None:
        """See to it that the names of the members are known."""
        if not self._pyroMethods and not self._pyroAttrs:
            self._pyroCheckOwner()
            if self._pyroConnection is None:
                self._pyroOpen()
            else:
                self._pyroGetMetadata()

    def _pyroGetMetadata(
        self, objectId: str | None = None, known_metadata: Any = None
    ) -> None:
        """Learn the names of the members of an object."""
        raise NotImplementedError

    def _pyroDrop(self) -> None:
        if self._pyroConnection is not None:
            self._pyroConnection.close()
            self._pyroConnection = None
            self._pyroLocalSocket = None

    def _pyroTakeMetadata(self, metadata: Metadata) -> None:
        self._pyroMethods = set(metadata.methods)
        self._pyroAttrs = set(metadata.attributes)
        self._pyroOneway = set(metadata.oneway)
        if _LOG.isEnabledFor(logging.DEBUG):
            _LOG.debug(
                "from meta: methods=%s, oneway methods=%s, attributes=%s",
                sorted(self._pyroMethods),
                sorted(self._pyroOneway),
                sorted(self._pyroAttrs),
            )
        if not metadata:
            raise PyroError(
                f"remote object '{self._pyroUri}' doesn't expose any methods or "
                "attributes. Did you forget setting @expose on them?"
            )

    # What a proxy is by itself.

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Binding) and self._pyroUri == other._pyroUri

    def __hash__(self) -> int:
        return hash(self._pyroUri)

    def __repr__(self) -> str:
        line = self._pyroConnection
        state = "not connected" if line is None else f"connected {line.family()}"
        cls = type(self)
        return (
            f"<{cls.__module__}.{cls.__name__} at 0x{id(self):x}; {state}; "
            f"for {self._pyroUri}; owner {self._pyroOwner}>"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pyroRelease()

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
