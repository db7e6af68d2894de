"""A server for the gateway: threads, a few limits, and no more."""

from __future__ import annotations

import io
import logging
import re
import socket
import threading
import time
from collections.abc import Callable
from socketserver import TCPServer, ThreadingMixIn
from typing import IO, Any, cast
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer

from ..net.addresses import location

__all__ = ["GatewayServer"]

_log = logging.getLogger(__name__)
_SEND_TIMEOUT = 60.0  # seconds a client may leave an answer unread
_KEY = re.compile(r"(?i)((?:\$|%24)key=)[^&\s\"]*")
_POLL = 0.5  # seconds
_REST = 2.0  # seconds, and the bytes below, in which a refused body may still come
_REST_SIZE = 1 << 24


class GatewayServer(ThreadingMixIn, WSGIServer):
    """Runs a WSGI application, each request in a thread of its own.

    It listens from the start, and answers while ``serve_forever()`` runs;
    ``shutdown()`` from another thread ends that. A ``with`` block closes it at the end.

    Args:
        app: The application.
        host: Where to listen.
        port: TCP port, 0 for any free one.
        threads: Requests that are answered at a time; others wait.
        request_timeout: Seconds in which a request must have come whole.
        log: Called with a line for each request; a key in it is masked.

    Attributes:
        url: Where the gateway's page is.

    Raises:
        OSError: It can't listen there.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self,
        app: Callable[..., Any],
        host: str = "localhost",
        port: int = 8080,
        *,
        threads: int = 64,
        request_timeout: float = 30.0,
        log: Callable[[str], None] | None = None,
    ) -> None:
        found = socket.getaddrinfo(
            host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        best = min(found, key=lambda each: each[0] != socket.AF_INET)
        self.address_family = best[0]
        address = (best[4][0], port, *best[4][2:])
        self.request_timeout = request_timeout
        self.log = log
        self._free = threading.Semaphore(threads)
        self._ending = False
        super().__init__(cast(Any, address), _Handler)
        self.app = app
        self.url = f"http://{location(host or 'localhost', self.server_port)}/pyro/"

    def server_bind(self) -> None:
        """Listen, without asking for names, which can take long."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = (
            str(self.server_address[0]),
            self.server_address[1],
        )
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread for a request, once one is free."""
        while not self._free.acquire(timeout=_POLL):
            if self._ending:
                self.shutdown_request(request)
                return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer a request; this is the thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def shutdown(self) -> None:
        """End ``serve_forever()``, from another thread."""
        self._ending = True
        super().shutdown()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Note that a conversation failed, which is the client's business mostly."""
        _log.debug("request of %s failed", client_address, exc_info=True)


class _Incoming(io.RawIOBase):
    """What a client sends, up to a moment: reading later is a time-out."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._sock = sock
        self._deadline = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request did not come in time")
        self._sock.settimeout(left)
        try:
            return self._sock.recv_into(buffer)
        finally:
            self._sock.settimeout(_SEND_TIMEOUT)


class _Responder(ServerHandler):
    """Carries an application's answer to the client."""

    server_software = "pyrophone"
    request_handler: Any
    status: Any
    refused = False  # the body was left unread

    def send_headers(self) -> None:
        self.refused = str(self.status).startswith("413")
        super().send_headers()

    def log_exception(self, exc_info: Any) -> None:
        _log.debug("an answer could not be sent", exc_info=exc_info)


class _Handler(WSGIRequestHandler):
    """Reads one request and has it answered."""

    server: GatewayServer

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        incoming = _Incoming(self.connection, self.server.request_timeout)
        self.rfile = io.BufferedReader(incoming)

    def handle(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if len(self.raw_requestline) > 65536:
            self.requestline = self.request_version = self.command = ""
            self.send_error(414)
            return
        if not self.parse_request():
            return
        environ = self.get_environ()
        incoming = cast(IO[bytes], self.rfile)
        outgoing = cast(IO[bytes], self.wfile)
        responder = _Responder(incoming, outgoing, self.get_stderr(), environ)
        responder.request_handler = self
        responder.run(self.server.app)
        if responder.refused:
            self._let_finish()

    def log_message(self, format: str, *args: Any) -> None:
        if self.server.log is not None:
            text = _KEY.sub(r"\1***", format % args)
            text = text.encode("unicode_escape").decode()
            when = self.log_date_time_string()
            self.server.log(f"{self.address_string()} - - [{when}] {text}")

    def _let_finish(self) -> None:
        """Take the rest of what a client sends, or it may not see the answer."""
        self.connection.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + _REST
        left = _REST_SIZE
        while left > 0 and (seconds := deadline - time.monotonic()) > 0:
            self.connection.settimeout(seconds)
            data = self.connection.recv(65536)
            if not data:
                return
            left -= len(data)
