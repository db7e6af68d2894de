"""The command pyro5-httpgateway, and the WSGI application that it runs.

It is Pyrophone's gateway, with the settings, texts and statuses of Pyro5.
"""

from __future__ import annotations

import argparse
import copy
import re
import sys
from collections.abc import Iterable, MutableMapping, Sequence
from typing import Any

import pyrophone
from pyrophone.http import GatewayServer, gateway
from pyrophone.http.answers import Answer, Environ, RequestError, StartResponse, send
from pyrophone.http.requests import read_body
from pyrophone.net.addresses import location

from .. import config
from ..client import Proxy
from ..core import locate_ns
from ..errors import CommunicationError, ConnectionClosedError, NamingError, PyroError
from ..tables import seconds, settings
from ..uris import URI, plain

__all__ = [
    "cors_response_header",
    "get_nameserver",
    "invalid_request",
    "main",
    "not_found",
    "option_request",
    "process_pyro_request",
    "pyro_app",
    "redirect",
    "return_homepage",
    "singlyfy_parameters",
]

_METHODS = ("GET", "POST", "OPTIONS")
_BODY = 1 << 20  # bytes, at most

_nameserver: Any = None  # what get_nameserver() has found


class _Application:
    """The WSGI application. Its settings count from the next request on.

    Attributes:
        ns_regex: Which names can be called; empty for all.
        cors: Origin whose pages may read the answers.
        gateway_key: What requests must have, None for nothing.
        comm_timeout: Limit of each call in seconds, 0 is none.
    """

    def __init__(self) -> None:
        self.ns_regex: str = r"http\."
        self.cors: str = ""
        self.gateway_key: str | bytes | None = None
        self.comm_timeout: float | None = config.COMMTIMEOUT

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return _Gateway()(environ, start_response)


pyro_app = _Application()


class _Gateway(gateway.Gateway):
    """Pyrophone's gateway, as the settings of the application are at this moment."""

    def __init__(self) -> None:
        super().__init__(
            expose=pyro_app.ns_regex,
            key=pyro_app.gateway_key,
            max_body=_BODY,
            settings=settings(timeout=seconds(pyro_app.comm_timeout)),
        )

    def find(self, name: str) -> pyrophone.URI:
        """Return where an object is; the name server of this module knows."""
        return plain(URI(get_nameserver().lookup(name)))

    def names(self) -> tuple[str, Iterable[str]]:
        """Return where the name server is, and the names in it that are exposed."""
        server = get_nameserver()
        where = getattr(getattr(server, "_pyroUri", None), "location", None)
        try:
            return str(where), list(server.list(regex=pyro_app.ns_regex))
        except NamingError:  # it takes no pattern like that
            pattern = re.compile(pyro_app.ns_regex)
            return str(where), filter(pattern.match, server.list())

    def allows(self, method: str, *, reading: bool) -> bool:
        """Tell whether there can be a request of that HTTP method."""
        return method in _METHODS

    def status_of(self, error: Exception) -> str:
        """Return the status for an error, whatever it is."""
        return "500 Internal Server Error"

    def form_of(self, environ: Environ) -> dict[str, Any]:
        """Return the parameters in a body; one of another type is passed over."""
        return read_body(environ, _BODY) or {}

    def common_headers(self) -> tuple[tuple[str, str], ...]:
        """Return the headers of all answers but redirections."""
        return tuple(cors_response_header([], pyro_app.cors))


def get_nameserver() -> Any:
    """Return a proxy for the name server, found anew if the last one is lost.

    Raises:
        NamingError: There is none.
    """
    names = _nameserver
    if isinstance(names, Proxy):  # else it is somebody's stand-in
        names = _checked(names)
    if names is None:
        names = locate_ns()
        names._pyroTimeout = pyro_app.comm_timeout
    globals()["_nameserver"] = names
    return names


def _checked(names: Any) -> Any:
    """Return a proxy that this thread may use, None if its server is gone."""
    try:
        try:
            names.ping()
        except PyroError as error:
            if type(error) is not PyroError:
                raise
            names = copy.copy(names)  # it belongs to a thread that answers something else
            names.ping()
    except ConnectionClosedError:
        print("Connection with nameserver lost, reconnecting...")
        return None
    except CommunicationError:
        return None
    return names


def process_pyro_request(
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
    how = _Gateway()
    try:
        answer = how.process(environ, path, parameters)
    except RequestError as error:
        answer = error.answer
    return send(answer, how.common_headers(), start_response)


def return_homepage(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answer with the page."""
    return process_pyro_request(environ, "", {}, start_response)


def redirect(start_response: StartResponse, target: str) -> Iterable[bytes]:
    """Send the client to *target*."""
    start_response("302 Found", [("Location", target)])
    return []


def not_found(start_response: StartResponse) -> Iterable[bytes]:
    """Answer that there is nothing."""
    return _say(start_response, "404 Not Found", "Error 404: Not Found")


def invalid_request(start_response: StartResponse) -> Iterable[bytes]:
    """Answer that the HTTP method is none of ours."""
    return _say(start_response, "405 Method Not Allowed", "Error 405: Method Not Allowed")


def option_request(start_response: StartResponse) -> Iterable[bytes]:
    """Answer what a browser asks before it lets another page call."""
    return _say(start_response, "200 OK", "200 OK")


def _say(start_response: StartResponse, status: str, text: str) -> Iterable[bytes]:
    headers = tuple(cors_response_header([], pyro_app.cors))
    return send(Answer(status, body=text.encode()), headers, start_response)


def cors_response_header(header: list[tuple[str, str]], cors: str) -> list[tuple[str, str]]:
    """Add to *header* who may read the answer; return it."""
    header += [
        ("Access-Control-Allow-Origin", cors),
        ("Access-Control-Allow-Methods", ", ".join(_METHODS)),
        ("Access-Control-Allow-Headers", "Content-Type"),
    ]
    return header


def singlyfy_parameters(parameters: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put elements in the place of lists that hold just one; return the mapping."""
    for key, value in parameters.items():
        if isinstance(value, (list, tuple)) and len(value) == 1:
            parameters[key] = value[0]
    return parameters


def main(args: Sequence[str] | None = None) -> None:
    """Run the command, until Ctrl-C.

    Args:
        args: Its arguments; those of the process if None.

    Raises:
        SystemExit: With status 1 if it can't serve there, 2 for wrong arguments.
    """
    options = _parser().parse_args(args)
    pyro_app.cors = options.cors
    pyro_app.ns_regex = options.expose
    pyro_app.gateway_key = (options.gatewaykey or "").encode() or None
    pyro_app.comm_timeout = options.timeout
    try:
        re.compile(options.expose)
        settings()  # whose files for TLS may be unusable
        server = GatewayServer(pyro_app, options.host, options.port, log=_log)
    except (OSError, OverflowError, UnicodeError, re.error) as error:
        print(f"pyro5-httpgateway: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    with server:
        try:
            _say_how_it_is(server)
            server.serve_forever()
        except KeyboardInterrupt:
            return


def _say_how_it_is(server: GatewayServer) -> None:
    if pyro_app.ns_regex:
        print("Exposing objects with names matching: ", pyro_app.ns_regex)
    else:
        print("Warning: exposing all objects (no expose regex set)")
    try:
        print("Connected to name server at: ", get_nameserver()._pyroUri)
    except PyroError:
        print("Not yet connected to a name server.")
    where = location(server.server_name, server.server_port)
    print(f"Pyro HTTP gateway running on http://{where}/pyro/", flush=True)


def _log(line: str) -> None:
    sys.stderr.write(f"{line}\n")  # at once, as other threads write, too


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pyro5-httpgateway", description="Offer objects by HTTP."
    )
    add = parser.add_argument
    add("-H", "--host", default="localhost", help="where to listen, default localhost")
    add("-p", "--port", type=int, default=8080, help="TCP port, default 8080")
    add("-c", "--cors", default="*", help="origin whose pages may call, default all")
    add("-e", "--expose", default=pyro_app.ns_regex, help="regular expression for names")
    add("-g", "--gatewaykey", help="what requests must have to call")
    add(
        "-t",
        "--timeout",
        type=float,
        default=pyro_app.comm_timeout,
        help="limit of a call in seconds, 0 for none",
    )
    return parser


if __name__ == "__main__":
    main()
