"""Pyrophone's gateway, with what the gateways of older Pyros have in common."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

from ..errors import NamingError
from ..http import GatewayServer, gateway
from ..http.answers import Answer, Environ, RequestError, StartResponse, send
from ..http.requests import read_body
from ..net.addresses import location
from ..settings import Settings
from .generation import Generation

__all__ = ["Application", "ClassicGateway", "redirect", "say", "serve", "singly"]

_BODY = 1 << 20  # bytes, at most


class Application:
    """The WSGI application. Its settings count from the next request on.

    Attributes:
        ns_regex: Which names can be called; empty for all.
        gateway_key: What requests must have, None for nothing.
        comm_timeout: Limit of each call in seconds, 0 is none.
    """

    def __init__(
        self, generation: Generation, gateway: Callable[[], gateway.Gateway]
    ) -> None:
        self.ns_regex: str = r"http\."
        self.gateway_key: str | bytes | None = None
        self.comm_timeout: float | None = generation.config.COMMTIMEOUT
        self._gateway = gateway

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return self._gateway()(environ, start_response)

    def process(
        self,
        environ: Environ,
        path: str,
        parameters: dict[str, Any],
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Answer a request.

        Args:
            environ: As WSGI has it.
            path: What stands behind ``/pyro/``; nothing is the page.
            parameters: Those of the query and of a form.
            start_response: As WSGI has it.
        """
        how = self._gateway()
        try:
            answer = how.process(environ, path, parameters)
        except RequestError as error:
            answer = error.answer
        return send(answer, how.common_headers(), start_response)

    def page(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with the page."""
        return self.process(environ, "", {}, start_response)


class ClassicGateway(gateway.Gateway):
    """Pyrophone's gateway, as the settings of an application are at this moment.

    Args:
        app: The application.
        server: Gives a proxy for the name server.
        settings: For what the gateway asks.
    """

    methods: tuple[str, ...] = ("GET", "POST")

    def __init__(
        self, app: Application, server: Callable[[], Any], settings: Settings
    ) -> None:
        super().__init__(
            expose=app.ns_regex, key=app.gateway_key, max_body=_BODY, settings=settings
        )
        self.app = app
        self.server = server

    def names(self) -> tuple[str, Iterable[str]]:
        """Return where the name server is, and the names in it that are exposed."""
        server = self.server()
        where = getattr(getattr(server, "_pyroUri", None), "location", None)
        try:
            return str(where), list(server.list(regex=self.app.ns_regex))
        except NamingError:  # it takes no pattern like that
            pattern = re.compile(self.app.ns_regex)
            return str(where), filter(pattern.match, server.list())

    def allows(self, method: str, *, reading: bool) -> bool:
        """Tell whether there can be a request of that HTTP method."""
        return method in self.methods

    def status_of(self, error: Exception) -> str:
        """Return the status for an error, whatever it is."""
        return "500 Internal Server Error"

    def form_of(self, environ: Environ) -> dict[str, Any]:
        """Return the parameters in a body; one of another type is passed over."""
        return read_body(environ, _BODY) or {}

    def common_headers(self) -> tuple[tuple[str, str], ...]:
        """Return the headers of all answers but redirections."""
        return ()


def redirect(start_response: StartResponse, target: str) -> Iterable[bytes]:
    """Send the client to *target*."""
    start_response("302 Found", [("Location", target)])
    return []


def say(
    start_response: StartResponse,
    status: str,
    text: str,
    headers: tuple[tuple[str, str], ...] = (),
) -> Iterable[bytes]:
    """Answer with a text."""
    return send(Answer(status, body=text.encode()), headers, start_response)


def singly(parameters: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put elements in the place of lists that hold just one; return the mapping."""
    for key, value in parameters.items():
        if isinstance(value, (list, tuple)) and len(value) == 1:
            parameters[key] = value[0]
    return parameters


def serve(
    generation: Generation, program: str, app: Application, host: str, port: int, names: Any
) -> None:
    """Run an application, until Ctrl-C.

    Args:
        generation: Whose settings and errors they are.
        program: Its name, for people.
        app: The application.
        host: Where to listen.
        port: TCP port.
        names: Gives a proxy for the name server.

    Raises:
        SystemExit: With status 1 if it can't serve there; one line says why.
    """
    try:
        re.compile(app.ns_regex)
        generation.settings()  # whose files for TLS may be unusable
        server = GatewayServer(app, host, port, log=_log)
    except (OSError, OverflowError, UnicodeError, re.error) as error:
        sys.stderr.write(f"{program}: {error}\n")
        raise SystemExit(1) from None
    with server:
        try:
            for line in _beginning(generation, app, server, names):
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()
            server.serve_forever()
        except KeyboardInterrupt:
            return


def _beginning(
    generation: Generation, app: Application, server: GatewayServer, names: Any
) -> Iterable[str]:
    """Yield what is to be said before serving."""
    if app.ns_regex:
        yield f"Exposing objects with names matching:  {app.ns_regex}"
    else:
        yield "Warning: exposing all objects (no expose regex set)"
    try:
        yield f"Connected to name server at:  {names()._pyroUri}"
    except generation.errors.PyroError:
        yield "Not yet connected to a name server."
    where = location(server.server_name, server.server_port)
    yield f"Pyro HTTP gateway running on http://{where}/pyro/"


def _log(line: str) -> None:
    sys.stderr.write(f"{line}\n")  # at once, as other threads write, too
