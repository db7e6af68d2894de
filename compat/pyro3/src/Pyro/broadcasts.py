"""Finding a name server by broadcast: a short text there, a short text back.

Who asks sends ``PYRO3 location`` to a UDP port of all machines near; a name server answers
with the text of its URI. ``PYRO3 shutdown`` is answered by a refusal, always: any machine
near could send it, in any other's name.
"""

from __future__ import annotations

import contextlib
import inspect
import socket
import time
from collections.abc import Iterator, Sequence
from typing import Any

from .util import Log

__all__ = [
    "EVERYWHERE",
    "BCReqValidator",
    "BroadcastServer",
    "answers",
    "bcRequestHandler",
    "broadcast_address",
    "request_text",
]

EVERYWHERE = "255.255.255.255"
LOCATION = "location"
SHUTDOWN = "shutdown"
DENIED = "Shutdown request denied"
_PREFIX = b"PYRO3 "
_LARGEST = 1024  # bytes of a request or an answer
_FOREVER = 1e8  # seconds; longer ones are too much for sockets
_ROUND = 50  # requests answered at one go; then others have their turn

Address = tuple[str, int]


def request_text(command: str) -> bytes:
    """Return what is sent to ask for something."""
    return _PREFIX + command.encode("ascii")


class BCReqValidator:
    """Decides who may find a name server, and who may end it; to be derived from.

    Attributes:
        addr: Host and port of who asks.
    """

    def __init__(self, addr: Any = None, sock: Any = None) -> None:
        self.addr = addr
        self._sock = sock

    def asked(self, addr: Any, sock: Any = None) -> BCReqValidator:
        """Let the next decision be about *addr*."""
        self.addr, self._sock = addr, sock
        return self

    def acceptLocationCmd(self) -> Any:
        """Return whether who asks may know where the name server is."""
        return 1

    def acceptShutdownCmd(self) -> Any:
        """Return whether who asks may end the name server."""
        return 1

    def reply(self, text: Any) -> None:
        """Send a text to who asks, if it was by broadcast."""
        if self._sock is not None:
            data = text if isinstance(text, bytes) else str(text).encode()
            with contextlib.suppress(OSError):
                self._sock.sendto(data[:_LARGEST], self.addr)


def make_validator(guard: Any) -> BCReqValidator:
    """Return the validator of a guard: what it is, or an instance of what it is."""
    if guard is None:
        return BCReqValidator()
    made = guard() if inspect.isclass(guard) else guard
    if not isinstance(made, BCReqValidator):
        raise TypeError("the broadcast guard must be a BCReqValidator")
    return made


class bcRequestHandler:
    """Answers one request.

    Args:
        request: Its bytes.
        client_address: Who sent it.
        server: The :class:`BroadcastServer` that received it.
    """

    def __init__(self, request: bytes, client_address: Address, server: BroadcastServer):
        self.request = request
        self.client_address = client_address
        self.server = server
        self.handle()

    def handle(self) -> None:
        """Answer, or say nothing to what is no request."""
        validator = self.server.validator.asked(self.client_address, self.server.sock)
        command = self.request.removeprefix(_PREFIX).strip()
        if command == self.request.strip():
            return
        if command == LOCATION.encode():
            if validator.acceptLocationCmd():
                validator.reply(self.server.uri)
        elif command == SHUTDOWN.encode():
            validator.reply(DENIED)


class BroadcastServer:
    """Listens for those who look for a name server. It can be waited for with ``select``.

    Args:
        addr: Host and UDP port to listen at; port 0 is any free one.
        uri: The text of what they look for.
        guard: Who may find it: a :class:`BCReqValidator`, its class, or None.

    Attributes:
        addr: Where it listens.

    Raises:
        OSError: It can't listen there.
    """

    def __init__(
        self,
        addr: Address,
        uri: str,
        guard: Any = None,
        handler: type[bcRequestHandler] = bcRequestHandler,
    ) -> None:
        self.uri = uri
        self.validator = make_validator(guard)
        self._handler = handler
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            self.sock.bind(addr)
            self.sock.setblocking(False)
        except BaseException:
            self.sock.close()
            raise
        self.addr: Address = self.sock.getsockname()[:2]

    def fileno(self) -> int:
        """Return the file number of its socket."""
        return self.sock.fileno()

    def handle_request(self) -> None:
        """Answer the requests that are there."""
        for _ in range(_ROUND):
            try:
                request, address = self.sock.recvfrom(_LARGEST)
            except OSError:  # none left, or an earlier answer didn't arrive
                return
            try:
                self._handler(request, address, self)
            except Exception as error:  # of a guard; others must still be answered
                Log.error("BroadcastServer", f"request from {address}:", repr(error))

    def close(self) -> None:
        """Listen no more."""
        self.sock.close()


def broadcast_address(text: str | None) -> str:
    """Return the address of a broadcast; everywhere if there is no text.

    Raises:
        ValueError: It is none.
    """
    if not text:
        return EVERYWHERE
    try:
        return socket.gethostbyname(text)
    except (OSError, ValueError):
        raise ValueError(f"invalid broadcast address {text!r}") from None


def answers(
    sock: socket.socket, request: bytes, addresses: Sequence[Address], seconds: float
) -> Iterator[str]:
    """Ask once, and give what comes back.

    Args:
        sock: A UDP socket that may broadcast.
        request: What to ask.
        addresses: Whom.
        seconds: How long to listen; forever if negative.
    """
    for address in addresses:
        with contextlib.suppress(OSError):  # there may be no such network
            sock.sendto(request, address)
    end = None if seconds < 0 or seconds > _FOREVER else time.monotonic() + seconds
    while end is None or (left := end - time.monotonic()) > 0:
        sock.settimeout(None if end is None else left)
        try:
            data, _ = sock.recvfrom(_LARGEST)
        except OSError:  # time is up, or nobody is at one of the addresses
            continue
        yield data.decode("utf-8", "replace").strip()
