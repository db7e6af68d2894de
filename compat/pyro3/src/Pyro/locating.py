"""Where the name server is: at a named host, near by broadcast, or on this machine."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable, Iterator
from typing import Any

from . import broadcasts, config, constants
from .errors import ConnectionDeniedError, NamingError, PyroError
from .uris import PyroURI

__all__ = ["PATIENCE", "Search"]

PATIENCE = 10.0  # seconds for a host to answer
_TWIN = ("HOSTNAME", "PORT", "BC_ADDR", "BC_PORT")


class Search:
    """Looks for a name server.

    Args:
        identification: The pass phrase for it.
        trace: Whether to print what is done.
        bcaddr: Where to ask by broadcast, if not where the configuration says.

    Raises:
        ValueError: *bcaddr* is no address.
    """

    def __init__(
        self, identification: Any = None, trace: Any = 0, bcaddr: str | None = None
    ) -> None:
        self._identification = identification
        self._say: Callable[[str], None] = print if trace else _nothing
        self._bcaddr = broadcasts.broadcast_address(bcaddr) if bcaddr else None

    def find(self, host: str | None = None, port: int | None = None) -> PyroURI:
        """Return the URI of a name server.

        Args:
            host: Where it must be; None looks near.
            port: Its port, or without a host that of broadcasts. If one is given only one
                attempt is made, whose error is raised.

        Raises:
            NamingError: There is none.
            ConnectionDeniedError: There is one, and it wants another pass phrase.
        """
        if port is not None:
            return self._attempt(host or config.PYRO_NS_HOSTNAME, int(port))
        for attempt in self._attempts(host):
            try:
                return attempt()
            except ConnectionDeniedError:
                raise
            except PyroError:
                continue
        where = f" on host {host}" if host else ""
        raise NamingError(f"could not find NameServer{where}")

    def at(self, host: str, port: int) -> PyroURI:
        """Return the URI of the name server whose daemon is there."""
        self._say("Locator: contacting Pyro Name Server...")
        asked = PyroURI(host, constants.INTERNAL_DAEMON_GUID, port).getProxy()
        asked._setIdentification(self._identification)
        asked._setTimeout(PATIENCE)
        try:
            uid = asked.ResolvePYROLOC(constants.NAMESERVER_NAME)
        except NamingError:  # it is somebody else's daemon
            raise PyroError("Name Server not responding") from None
        finally:
            asked._release()
        if not isinstance(uid, str):
            raise PyroError("Name Server not responding")
        return PyroURI(host, uid, port)

    def _attempts(self, host: str | None) -> Iterator[Callable[[], PyroURI]]:
        first = host or config.PYRO_NS_HOSTNAME
        second = host or config.PYRO_NS2_HOSTNAME
        yield lambda: self._attempt(first, None)
        if second:  # without, the broadcast has gone to both
            yield lambda: self._twin(second)
        if not host:
            for name in (socket.gethostname(), "localhost"):
                yield lambda name=name: self._near(name)  # type: ignore[misc]

    def _attempt(self, host: str | None, port: int | None) -> PyroURI:
        if host:
            return self.at(host, config.PYRO_NS_PORT if port is None else port)
        return self._by_broadcast(port)

    def _twin(self, host: str) -> PyroURI:
        uri = self.at(host, config.PYRO_NS2_PORT)
        for item in _TWIN:  # from now on it is the first
            one, two = f"PYRO_NS_{item}", f"PYRO_NS2_{item}"
            values = getattr(config, two), getattr(config, one)
            setattr(config, one, values[0])
            setattr(config, two, values[1])
        return uri

    def _near(self, host: str) -> PyroURI:
        self._say(f"Trying host {host}")
        uri = self.at(host, config.PYRO_NS_PORT)
        config.PYRO_NS_HOSTNAME = host  # the next search doesn't broadcast in vain
        return uri

    def _by_broadcast(self, port: int | None) -> PyroURI:
        self._say("Locator: searching Pyro Name Server...")
        addresses = self._addresses(port)
        request = broadcasts.request_text(broadcasts.LOCATION)
        retries = config.PYRO_BC_RETRIES
        rounds = itertools.count() if retries < 0 else range(retries + 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            for number in rounds:
                if number:
                    self._say(f"Locator: retry {number}")
                seconds = config.PYRO_BC_TIMEOUT
                for text in broadcasts.answers(sock, request, addresses, seconds):
                    if (uri := _uri(text)) is not None:
                        return uri
        raise PyroError("Name Server not responding")

    def _addresses(self, port: int | None) -> list[broadcasts.Address]:
        """Return whom to ask: the machines near the first and the second name server."""
        found: list[broadcasts.Address] = []
        for name in ("NS", "NS2"):
            text = self._bcaddr or getattr(config, f"PYRO_{name}_BC_ADDR")
            address = broadcasts.broadcast_address(text)
            number = getattr(config, f"PYRO_{name}_BC_PORT") if port is None else port
            found.append((address, number))
            if address == broadcasts.EVERYWHERE:  # which is not this machine's loopback
                found.append(("127.0.0.1", number))
        return list(dict.fromkeys(found))


def _uri(text: str) -> PyroURI | None:
    """Return the URI that is an answer; None if it is something else."""
    if not text.startswith(("PYRO://", "PYROSSL://")):
        return None
    try:
        return PyroURI(text)
    except (PyroError, TypeError, ValueError):
        return None


def _nothing(text: str) -> None:
    pass
