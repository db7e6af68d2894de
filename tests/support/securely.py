"""The client's end of TLS, driven by hand."""

from __future__ import annotations

import ssl
from contextlib import suppress

__all__ = ["Client"]


class Client:
    """The client's end of TLS, without a socket.

    Attributes:
        ended: Whether the daemon has said that nothing more comes.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname="localhost"
        )
        self.ended = False

    def step(self, data: bytes) -> bytes:
        """Take in *data*, go on with the handshake; return what to send."""
        self._incoming.write(data)
        with suppress(ssl.SSLWantReadError):
            self.tls.do_handshake()
        return self._outgoing.read()

    def seal(self, *parts: bytes) -> bytes:
        """Return *parts*, each in a record of its own."""
        for part in parts:
            self.tls.write(part)
        return self._outgoing.read()

    def open(self, data: bytes) -> bytes:
        """Return what is in *data*."""
        self._incoming.write(data)
        parts = []
        try:
            while part := self.tls.read(65536):
                parts.append(part)
            self.ended = True
        except ssl.SSLZeroReturnError:  # after both have said so
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        return b"".join(parts)

    def close(self) -> bytes:
        """Return what says that nothing more comes."""
        with suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        return self._outgoing.read()
