"""What a proxy is by itself: where its object is, its lock, its connection."""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import AbstractContextManager
from typing import Any

from pyrophone.classic.binding import ClassicBinding

from . import lookups, message
from .callcontext import current_context
from .configuration import config
from .dialing import Greeting, Line, dial
from .generation import PYRO4
from .tables import hmac_key, seconds
from .uris import URI

__all__ = ["Binding"]


class Binding(ClassicBinding):
    """A proxy without the members of its object. Threads take turns with its connection."""

    _pyroGeneration = PYRO4
    _pyroLog = logging.getLogger("Pyro4.core")

    def _pyroSetUp(self, uri: Any) -> None:
        super()._pyroSetUp(uri)
        self._pyroKey = hmac_key()
        self._pyroLock = threading.RLock()

    @property
    def _pyroHmacKey(self) -> bytes | None:
        """What messages are signed with; a text is taken as UTF-8."""
        return self._pyroKey

    @_pyroHmacKey.setter
    def _pyroHmacKey(self, key: bytes | str | None) -> None:
        self._pyroKey = key.encode() if isinstance(key, str) else key

    def _pyroGuard(self) -> AbstractContextManager[object]:
        self._pyroLookAround()
        return self._pyroLock

    def _pyroBeChild(self) -> None:
        """Leave to the parent process what it had when this one was forked from it."""
        self._pyroLock = threading.RLock()  # another thread, that is not here, may have it
        super()._pyroBeChild()

    def _pyroRelease(self) -> None:
        """Close the connection, unless its socket was given; its next use makes another."""
        with self._pyroGuard():
            if not getattr(self._pyroConnection, "keep_open", False):
                self._pyroDrop()

    def _pyroOpen(self) -> URI:
        chunks = current_context.annotations
        try:
            uri = lookups.resolve(self._pyroSpawn, self._pyroUri, self._pyroHmacKey)
        finally:  # they are for this proxy's call, not for one to a name server
            current_context.annotations = chunks
        serializer = self._pyroSerializer or config.SERIALIZER
        greeting = Greeting(uri, serializer, self._pyroHandshake, self._pyroHmacKey)
        line = dial(uri, self._pyroLimit)
        try:
            greeting.exchange(line, self._pyroSeq, self._pyroChunks())
            self._pyroTake(line)
            self._pyroValidateHandshake(greeting.answer)
            if greeting.annotations:
                self._pyroResponseAnnotations(greeting.annotations, message.MSG_CONNECTOK)
            if greeting.metadata is not None:
                self._pyroTakeMetadata(greeting.metadata)
        except BaseException:  # or the next call would use a connection that was refused
            line.close()
            self._pyroDrop()
            raise
        security = "SSL" if line.getpeercert() is not None else "unencrypted"
        self._pyroLog.debug("connected to %s - %s - %s", uri, line.family(), security)
        return uri

    def _pyroRenew(self) -> None:
        with self._pyroGuard():
            if self._pyroConnection is None:
                self._pyroOpen()  # and stay with a name, which may lead elsewhere next time

    def _pyroAdopt(self, sock: socket.socket) -> None:
        """Use a connected socket, whose other end a daemon was given."""
        sock.settimeout(seconds(self._pyroLimit))
        self._pyroTake(Line(sock, self._pyroUri.object, keep_open=True))
        if config.METADATA:
            self._pyroGetMetadata()

    def _pyroChunks(self) -> dict[str, bytes]:
        """Return the annotations of the next request."""
        return {**current_context.going_along(), **self._pyroAnnotations()}

    def _pyroSpawn(self, uri: URI) -> Any:
        """Return a plain proxy, for a name server."""
        raise NotImplementedError

    def _pyroAnnotations(self) -> dict[str, bytes]:
        """Return what is to go along with each request; override it."""
        return {}

    def _pyroResponseAnnotations(self, annotations: dict[str, Any], msgtype: int) -> None:
        """Take in what came along with a reply; override it.

        Args:
            annotations: Bytes by four letters.
            msgtype: 2 of the answer to the greeting, 5 of that to a call.
        """

    def _pyroNothing(self) -> str:
        return (
            "remote object doesn't expose any methods or attributes. Did you forget "
            f"setting @expose on them? The object is {self._pyroUri}. Pyro4 before 4.46 "
            "needed no marks: a server of that time runs with REQUIRE_EXPOSE set to false "
            "(in its environment: PYRO_REQUIRE_EXPOSE=false)."
        )
