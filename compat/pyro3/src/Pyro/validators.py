"""Who may connect: connection validators."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from . import config
from .constants import DENIED_SECURITY, DENIED_SERVERTOOBUSY

if TYPE_CHECKING:
    from .connections import TCPConnection

__all__ = ["BasicSSLValidator", "DefaultConnValidator", "Validated"]

_CHALLENGE = 32  # bytes


class DefaultConnValidator:
    """Judges who connects, and proves who connects; the same class does both.

    Subclasses call this constructor.

    Attributes:
        allowedIDs: What clients may identify with, as :meth:`mungeIdent` keeps it; None
            is everybody.
    """

    def __init__(self) -> None:
        self.allowedIDs: list[Any] | None = None

    def acceptHost(self, daemon: Any, connection: TCPConnection) -> tuple[int, int]:
        """Tell whether a client may connect at all: ``(1, 0)``, or 0 and a deny code.

        Who has not proved who it is makes room if there are too many.
        """
        with daemon.guard:
            before = daemon.connections[: daemon.connections.index(connection)]
            there = [one for one in before if one.connected]
            if len(there) < config.PYRO_MAXCONNECTIONS:
                return 1, 0
            for one in there:
                if not one.admitted:
                    one.close()
                    return 1, 0
        return 0, DENIED_SERVERTOOBUSY

    def acceptIdentification(
        self, daemon: Any, connection: TCPConnection, token: Any, challenge: Any
    ) -> tuple[int, int]:
        """Tell whether *token* answers *challenge*: ``(1, 0)``, or 0 and a deny code."""
        if self.allowedIDs is None:
            return 1, 0
        given = _binary(token)
        matches = [
            hmac.compare_digest(
                given,
                _binary(
                    self.createAuthToken(known, challenge, connection.addr, None, daemon)
                ),
            )
            for known in self.allowedIDs
        ]
        return (1, 0) if any(matches) else (0, DENIED_SECURITY)

    def createAuthToken(
        self, authid: Any, challenge: Any, peeraddr: Any, URI: Any, daemon: Any
    ) -> Any:
        """Return what proves that one knows *authid*.

        Args:
            authid: What :meth:`mungeIdent` made of the identification.
            challenge: What the daemon asked.
            peeraddr: Where the other side is.
            URI: Of the object, None in the daemon.
            daemon: The daemon, None in the client.
        """
        return hmac.new(_binary(authid), _binary(challenge), hashlib.sha256).digest()

    def createAuthChallenge(self, tcpserver: Any, conn: TCPConnection) -> bytes:
        """Return what a client has to answer; it is not to be guessed."""
        return os.urandom(_CHALLENGE)

    def mungeIdent(self, ident: Any) -> Any:
        """Return what is kept in place of an identification."""
        return hashlib.sha256(_binary(ident)).digest()

    def setAllowedIdentifications(self, ids: Iterable[Any] | None) -> None:
        """Say what clients may identify with; None is everybody.

        Raises:
            TypeError: It is neither a list nor None.
        """
        if ids is None:
            self.allowedIDs = None
        elif isinstance(ids, (list, tuple)):
            self.allowedIDs = [self.mungeIdent(ident) for ident in ids]
        else:
            raise TypeError("ids must be a list")


class BasicSSLValidator(DefaultConnValidator):
    """Judges the certificates of clients, too."""

    def acceptHost(self, daemon: Any, connection: TCPConnection) -> tuple[int, int]:
        """Tell whether a client may connect at all."""
        judged = self.checkCertificate(connection.certificate)
        return super().acceptHost(daemon, connection) if judged[0] else judged

    def checkCertificate(self, cert: Any) -> tuple[int, int]:
        """Judge a certificate, as ``getpeercert()`` gives it; None if there is none."""
        return (1, 0) if cert else (0, DENIED_SECURITY)


def _binary(value: Any) -> bytes:
    """Return what stands for a value where bytes are needed."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    return str(value).encode("utf-8", "surrogatepass")


class Validated:
    """What has a validator: a daemon, and the adapter of a proxy."""

    _validator: Any

    def setNewConnectionValidator(self, validator: DefaultConnValidator) -> None:
        """Judge, or prove, who calls in another way.

        Raises:
            TypeError: It is no validator.
        """
        if not isinstance(validator, DefaultConnValidator):
            raise TypeError("validator must be derived from DefaultConnValidator")
        self._validator = validator
