"""The command pyro4-httpgateway, and the WSGI application that it runs.

It is Pyrophone's gateway, with the settings, texts and statuses of Pyro4.
"""

from __future__ import annotations

import optparse
import uuid
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from pyrophone.classic import gateways
from pyrophone.context import to_send
from pyrophone.http.answers import StartResponse
from pyrophone.http.targets import Outcome
from pyrophone.wire.metadata import Metadata

from .. import constants, core, message, naming
from ..configuration import config
from ..errors import CommunicationError, ConnectionClosedError, ProtocolError
from ..generation import PYRO4
from ..keys import given_key
from ..tables import settings

__all__ = [
    "get_nameserver",
    "invalid_request",
    "main",
    "not_found",
    "process_pyro_request",
    "pyro_app",
    "redirect",
    "return_homepage",
    "singlyfy_parameters",
]

_nameserver: Any = None  # what get_nameserver() has found


class _Application(gateways.Application):
    """The WSGI application. Its settings count from the next request on.

    Attributes:
        hmac_key: That of the name server and of the objects' daemons.
    """

    def __init__(self) -> None:
        super().__init__(PYRO4, lambda: _Gateway())
        self.hmac_key: str | bytes | None = None

    def prepare(self, proxy: Any) -> Any:
        """Give a proxy the key and the time limit; return it."""
        proxy._pyroHmacKey = self.hmac_key
        proxy._pyroTimeout = self.comm_timeout
        return proxy


pyro_app = _Application()


class _Gateway(gateways.ClassicGateway):
    """Pyrophone's gateway, as the settings of the application are at this moment."""

    def __init__(self) -> None:
        super().__init__(pyro_app, get_nameserver, settings())

    def open(self, name: str) -> _Target:
        """Return an object, to be used for one request."""
        return _Target(self.server().lookup(name))


class _Target:
    """An object, for one request. Leaving a ``with`` block closes its connection."""

    def __init__(self, uri: Any) -> None:
        self._proxy = pyro_app.prepare(core.Proxy(uri))
        self._proxy._pyroSerializer = "json"
        self._before: uuid.UUID | None = None  # what this thread's calls carried

    @property
    def metadata(self) -> Metadata:
        """The names of its members."""
        proxy = self._proxy
        if not proxy._pyroMethods and not proxy._pyroAttrs:
            proxy._pyroGetMetadata()
        return Metadata(
            frozenset(proxy._pyroMethods),
            frozenset(proxy._pyroOneway),
            frozenset(proxy._pyroAttrs),
        )

    def call(
        self, member: str, parameters: Mapping[str, Any], *, oneway: bool = False
    ) -> Outcome:
        """Call a method, or read an attribute."""
        metadata = self.metadata
        if member in metadata.attributes:
            if parameters:
                raise AssertionError("attribute lookup can't have query parameters")
            return self._invoke("__getattr__", (member,), None)
        if member not in metadata.methods:
            raise AttributeError(
                f"remote object '{self._proxy._pyroUri}' has no exposed attribute "
                f"or method '{member}'"
            )
        return self._invoke(member, (), parameters, message.FLAGS_ONEWAY if oneway else 0)

    def _invoke(self, method: str, args: Any, kwargs: Any, flags: int = 0) -> Outcome:
        proxy = self._proxy
        proxy._pyroRawWireResponse = True
        reply = proxy._pyroInvoke(method, args, kwargs, flags)
        if reply is None:
            return Outcome()
        if reply.flags & message.FLAGS_ITEMSTREAMRESULT:
            stream = bytes(reply.annotations.get("STRM", b"")).decode()
            if stream:  # or it would wait there for somebody to read on
                once = message.FLAGS_ONEWAY
                names = (constants.DAEMON_NAME, "close_stream")
                proxy._pyroInvoke(names[1], [stream], {}, once, objectId=names[0])
            raise ProtocolError("result of call is an iterator")
        failed = bool(reply.flags & message.FLAGS_EXCEPTION)
        return Outcome(bytes(reply.data), failed)

    def __enter__(self) -> Self:
        self._before = core.current_context.correlation_id
        core.current_context.correlation_id = _identifier()
        return self

    def __exit__(self, *what: object) -> None:
        core.current_context.correlation_id = self._before
        self._proxy._pyroRelease()


def _identifier() -> uuid.UUID | None:
    """Return the correlation id of the request that is being answered."""
    _, identifier = to_send()
    return uuid.UUID(bytes=identifier) if identifier else None


def get_nameserver(hmac: bytes | None = None) -> Any:
    """Return a proxy for the name server, found anew if the last one is lost.

    Args:
        hmac: The key to find it with; that of the application if None.

    Raises:
        NamingError: There is none.
    """
    names = _nameserver
    if isinstance(names, core.Proxy):  # else it is somebody's stand-in
        names = _checked(names)
    if names is None:
        names = pyro_app.prepare(naming.locateNS(hmac_key=hmac or pyro_app.hmac_key))
    globals()["_nameserver"] = names
    return names


def _checked(names: Any) -> Any:
    """Return a proxy whose server is there, None if it is gone."""
    try:
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
    return gateways.say(start_response, "404 Not Found", "Error 404: Not Found")


def invalid_request(start_response: StartResponse) -> Iterable[bytes]:
    """Answer that the HTTP method is none of ours."""
    status = "405 Method Not Allowed"
    return gateways.say(start_response, status, f"Error {status[:3]}:{status[3:]}")


def main(args: Sequence[str] | None = None) -> None:
    """Run the command, until Ctrl-C.

    Args:
        args: Its arguments; those of the process if None.

    Raises:
        SystemExit: With status 1 if it can't serve there, 2 for wrong arguments.
    """
    options, _ = _parser().parse_args(None if args is None else list(args))
    if options.pyrokey or options.gatewaykey:
        warnings.warn(
            "using -k and/or -g to supply keys on the command line is a security problem, "
            "as others on this machine can see them, and is deprecated since Pyro 4.72; "
            "set PYRO_HMAC_KEY and PYRO_HTTPGATEWAY_KEY in the environment",
            stacklevel=2,
        )
    pyro_app.hmac_key = given_key("-k", options.pyrokey, "PYRO_HMAC_KEY")
    pyro_app.gateway_key = given_key("-g", options.gatewaykey, "PYRO_HTTPGATEWAY_KEY")
    pyro_app.ns_regex = options.expose
    pyro_app.comm_timeout = config.COMMTIMEOUT = options.timeout
    config.SERIALIZER = "json"
    program = "pyro4-httpgateway"
    gateways.serve(PYRO4, program, pyro_app, options.host, options.port, get_nameserver)


def _parser() -> optparse.OptionParser:
    parser = optparse.OptionParser()
    add = parser.add_option
    add("-H", "--host", default="localhost", help="where to listen (default=localhost)")
    add("-p", "--port", type="int", default=8080, help="TCP port (default=8080)")
    add(
        "-e",
        "--expose",
        default=pyro_app.ns_regex,
        help="regular expression for names, empty for all (default=%default)",
    )
    add("-k", "--pyrokey", help="the HMAC key of name server and objects (deprecated)")
    add("-g", "--gatewaykey", help="what requests must have to call (deprecated)")
    add(
        "-t",
        "--timeout",
        type="float",
        default=config.COMMTIMEOUT,
        help="limit of a call in seconds, 0 for none (default=%default)",
    )
    return parser


if __name__ == "__main__":
    main()
