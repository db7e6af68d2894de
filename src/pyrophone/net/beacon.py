"""Broadcast: ask where a name server is, and answer."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

from ..uri import URI
from .addresses import facing, is_everywhere

__all__ = ["Beacon", "ask"]

_LARGEST = 1024  # bytes; Pyro5 reads 100, too few for a long host name


def ask(query: bytes, addresses: tuple[str, ...], port: int, seconds: float) -> str | None:
    """Send *query* to all *addresses*; return the first answer, None if none comes.

    Args:
        query: The datagram.
        addresses: IPv4 addresses, broadcast ones too; unusable ones are passed over.
        port: UDP port.
        seconds: How long to wait; not at all if nobody could be asked.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        asked = 0
        for address in addresses:
            with suppress(OSError, OverflowError):  # the latter of a port that is none
                asked += sock.sendto(query, (address, port))
        if not asked:
            return None
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            sock.settimeout(left)
            try:
                return sock.recv(_LARGEST).decode("iso-8859-1")
            except TimeoutError:
                break
            except OSError:
                continue  # an address refused; others may still answer
    return None


class Beacon:
    """Answers broadcasts with the URI of a name server.

    Args:
        uri: What to answer. The host ``0.0.0.0`` becomes the address of the
            interface that faces whoever asks.
        query: The datagram to answer; all others are ignored.
        host: Address or name to listen at, all interfaces by default; with ``::`` or
            another address of IPv6 it is asked by IPv6.
        port: UDP port.

    Raises:
        OSError: The port is in use.
        OverflowError: There is no such port.
    """

    def __init__(self, uri: URI, query: bytes, *, host: str = "", port: int) -> None:
        self._uri = uri
        self._query = query
        self._open = True
        self._closing = threading.Lock()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            self.sock.bind((host, port))
        except (OSError, OverflowError):
            self.sock.close()
            raise

    @property
    def address(self) -> tuple[str, int]:
        """Host and port it listens at."""
        host, port = self.sock.getsockname()[:2]
        return host, port

    def serve(self) -> None:
        """Answer until :meth:`close` is called from another thread."""
        while self._open:
            self.answer_one()

    def answer_one(self) -> None:
        """Wait for one datagram and answer it."""
        try:
            data, sender = self.sock.recvfrom(_LARGEST)
        except OSError:  # closed, or an earlier answer could not be delivered
            return
        if data == self._query:
            with suppress(OSError):  # no way back, or out of descriptors; it will ask again
                text = str(self._uri)
                if is_everywhere(self._uri.host or ""):
                    host = facing(sender[0])
                    text = str(URI("PYRO", self._uri.object, None, host, self._uri.port))
                self.sock.sendto(text.encode("iso-8859-1", "replace"), sender)

    def close(self) -> None:
        """Stop answering."""
        # Closing does not wake a thread in recvfrom, and a UDP socket that is not
        # connected can't be shut down everywhere: an empty datagram to itself can.
        with self._closing:
            if not self._open:
                return
            self._open = False
            host, port = self.address
            if is_everywhere(host):
                host = "::1" if ":" in host else "127.0.0.1"
            with suppress(OSError):
                self.sock.sendto(b"", (host, port))
            self.sock.close()
