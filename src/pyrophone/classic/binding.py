"""What a proxy is by itself: where its object is, and its connection.

The names of the attributes are those that programs use.
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import AbstractContextManager, suppress
from typing import Any, ClassVar, Self

from ..wire.metadata import Metadata
from .generation import Generation
from .uris import ClassicURI

__all__ = ["ClassicBinding"]

_PAUSE = 2.0  # seconds between attempts to reconnect


class ClassicBinding:
    """A proxy without the members of its object. Its own names begin with ``_pyro``."""

    _pyroGeneration: ClassVar[Generation]
    _pyroLog: ClassVar[logging.Logger]

    def _pyroSetUp(self, uri: ClassicURI) -> None:
        config = self._pyroGeneration.config
        self._pyroUri: Any = uri
        self._pyroConnection: Any = None
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
        self._pyroProcess = os.getpid()

    # What each generation does in its own way.

    def _pyroGuard(self) -> AbstractContextManager[object]:
        """Return a block in which the calling thread may use the connection."""
        raise NotImplementedError

    def _pyroOpen(self) -> ClassicURI:
        """Connect; return the URI of the object."""
        raise NotImplementedError

    def _pyroGetMetadata(
        self, objectId: str | None = None, known_metadata: Any = None
    ) -> None:
        """Learn the names of the members of an object."""
        raise NotImplementedError

    def _pyroTake(self, line: Any) -> None:
        """Use *line* from now on, or no connection if it is None."""
        self._pyroConnection = line

    # Connecting.

    def _pyroLookAround(self) -> None:
        """See whether this process was forked from that which used the proxy so far."""
        if self._pyroProcess != os.getpid():
            self._pyroBeChild()

    def _pyroBeChild(self) -> None:
        """Leave to the parent process what it had when this one was forked from it."""
        self._pyroSending = False
        line = self._pyroConnection
        if getattr(line, "is_inherited", False) and not line.keep_open:
            self._pyroDrop()
        self._pyroProcess = os.getpid()

    def _pyroBind(self) -> bool:
        """Connect; return whether that was needed. The URI then is that of the object."""
        return self._pyroConnect(replace=True)

    def _Proxy__pyroCreateConnection(self, replaceUri: bool = False) -> bool:
        # Meant to be private in the old packages, but programs call it to connect.
        return self._pyroConnect(replace=replaceUri)

    def _pyroConnect(self, *, replace: bool) -> bool:
        with self._pyroGuard():
            if self._pyroConnection is not None:
                return False
            uri = self._pyroOpen()
            if replace:
                self._pyroUri = uri
            return True

    def __del__(self) -> None:
        # The socket is younger, so when both are garbage it must be told first.
        connection = vars(self).get("_pyroConnection")
        if connection is not None:
            with suppress(Exception):  # of stand-ins, too, and while Python ends
                connection.close()

    def _pyroRelease(self) -> None:
        """Close the connection; the next use makes a new one."""
        with self._pyroGuard():
            self._pyroDrop()

    def _pyroReconnect(self, tries: int = 100000000) -> None:
        """Connect anew, with pauses of two seconds between the attempts.

        Raises:
            ConnectionClosedError: The last one failed, too.
        """
        errors = self._pyroGeneration.errors
        self._pyroRelease()
        for left in range(tries, 0, -1):
            try:
                self._pyroRenew()
                return
            except errors.CommunicationError:
                if left > 1:
                    time.sleep(_PAUSE)
        self._pyroLog.error("failed to reconnect")
        raise errors.ConnectionClosedError("failed to reconnect")

    def _pyroRenew(self) -> None:
        """Connect, after a release."""
        self._pyroBind()

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
            self._pyroConnection.timeout = value or None

    def _pyroKnow(self) -> None:
        """See to it that the names of the members are known."""
        if not self._pyroMethods and not self._pyroAttrs:
            with self._pyroGuard():
                if self._pyroConnection is None:
                    self._pyroOpen()
                else:
                    self._pyroGetMetadata()

    def _pyroDrop(self) -> None:
        if self._pyroConnection is not None:
            self._pyroConnection.close()
            self._pyroTake(None)

    def _pyroTakeMetadata(self, metadata: Metadata) -> None:
        self._pyroMethods = set(metadata.methods)
        self._pyroAttrs = set(metadata.attributes)
        self._pyroOneway = set(metadata.oneway)
        if self._pyroLog.isEnabledFor(logging.DEBUG):
            self._pyroLog.debug(
                "from meta: methods=%s, oneway methods=%s, attributes=%s",
                sorted(self._pyroMethods),
                sorted(self._pyroOneway),
                sorted(self._pyroAttrs),
            )
        if not metadata:
            raise self._pyroGeneration.errors.PyroError(self._pyroNothing())

    def _pyroNothing(self) -> str:
        """Return what to say of an object that exposes nothing."""
        return (
            f"remote object '{self._pyroUri}' doesn't expose any methods or "
            "attributes. Did you forget setting @expose on them?"
        )

    # What a proxy is by itself.

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClassicBinding) and bool(self._pyroUri == other._pyroUri)

    def __hash__(self) -> int:
        return hash(self._pyroUri)

    def __repr__(self) -> str:
        line = self._pyroConnection
        state = "not connected" if line is None else f"connected {line.family()}"
        cls = type(self)
        return (
            f"<{cls.__module__}.{cls.__name__} at 0x{id(self):x}; {state}; "
            f"for {self._pyroUri}{self._pyroRemark()}>"
        )

    def _pyroRemark(self) -> str:
        return ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        self._pyroRelease()
