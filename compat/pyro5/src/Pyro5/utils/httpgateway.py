"""The command pyro5-httpgateway, and the WSGI application that it runs.

It is Pyrophone's gateway, with the settings, texts and statuses of Pyro5.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Iterable, Sequence
from typing import Any

import pyrophone
from pyrophone.classic import gateways
from pyrophone.http.answers import StartResponse

from ..client import Proxy
from ..core import locate_ns
from ..errors import CommunicationError, ConnectionClosedError, PyroError
from ..generation import PYRO5
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

_nameserver: Any = None  # what get_nameserver() has found


class _Application(gateways.Application):
    """The WSGI application. Its settings count from the next request on.

    Attributes:
        cors: Origin whose pages may read the answers.
    """

    def __init__(self) -> None:
        super().__init__(PYRO5, lambda: _Gateway())
        self.cors: str = ""


pyro_app = _Application()


class _Gateway(gateways.ClassicGateway):
    """Pyrophone's gateway, as the settings of the application are at this moment."""

    methods = _METHODS

    def __init__(self) -> None:
        how = settings(timeout=seconds(pyro_app.comm_timeout))
        super().__init__(pyro_app, get_nameserver, how)

    def find(self, name: str) -> pyrophone.URI:
        """Return where an object is; the name server of this module knows."""
        return plain(URI(self.server().lookup(name)))

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


process_pyro_request = pyro_app.process
return_homepage = pyro_app.page
redirect = gateways.redirect
singlyfy_parameters = gateways.singly


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
    return gateways.say(start_response, status, text, headers)


def cors_response_header(header: list[tuple[str, str]], cors: str) -> list[tuple[str, str]]:
    """Add to *header* who may read the answer; return it."""
    header += [
        ("Access-Control-Allow-Origin", cors),
        ("Access-Control-Allow-Methods", ", ".join(_METHODS)),
        ("Access-Control-Allow-Headers", "Content-Type"),
    ]
    return header


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
    program = "pyro5-httpgateway"
    gateways.serve(PYRO5, program, pyro_app, options.host, options.port, get_nameserver)


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
