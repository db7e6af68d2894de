"""From what a user knows of an object to where it is: procedures, which never wait."""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from .errors import (
    CommunicationError,
    ConnectError,
    InvalidURIError,
    NamingError,
    NoNameServerError,
    UnknownNameError,
)
from .settings import Settings
from .steps import Ask, Broadcast, Connect, Procedure, Sleep
from .uri import URI
from .wire.dialects import PYRO5, Dialect

__all__ = [
    "BROADCAST_QUERY",
    "NAME_SERVER_ID",
    "ask_names",
    "locate",
    "look_up",
    "reach",
    "resolve",
]

NAME_SERVER_ID = "Pyro.NameServer"
BROADCAST_QUERY = b"GET_NSURI"

_BROADCASTS = 3  # rounds, as Pyro5 does
_LOCAL = ("localhost", "127.0.0.1")
_OWN_NAME = "127.0.1.1"  # what Debian makes of a machine's name; nobody there costs nothing
_FIRST_PAUSE = 0.1  # seconds, doubled up to the longest
_LONGEST_PAUSE = 2.0


def locate(
    host: str | None = None,
    port: int | None = None,
    *,
    settings: Settings,
    broadcast: bool = True,
) -> Procedure[URI]:
    """Find a name server; return its URI.

    Args:
        host: Where it must be: a host, or ``./u:path`` of a Unix socket. None looks
            at the host of the settings, then asks by broadcast; or the other way
            round, if the settings say so.
        port: Its TCP port; None is that of the settings.
        settings: For what is not given.
        broadcast: Whether to ask by broadcast.

    Raises:
        NoNameServerError: None answered; the text says what was tried.
    """
    uri, _ = yield from _ask("ping", (), host, port, settings, broadcast)
    return uri


def ask_names(
    method: str,
    args: tuple[Any, ...],
    *,
    host: str | None = None,
    port: int | None = None,
    settings: Settings,
) -> Procedure[Any]:
    """Call *method* of the name server; return its result.

    Raises:
        NoNameServerError: None answered.
        NamingError: The name server said no.
    """
    _, result = yield from _ask(method, args, host, port, settings, True)
    return result


def resolve(uri: URI, *, settings: Settings, dialect: Dialect = PYRO5) -> Procedure[URI]:
    """Return the URI of the object itself that *uri* stands for.

    A name that is not registered is waited for, as long as the settings say.

    Args:
        uri: Of any scheme.
        settings: How to look up.
        dialect: What the driver speaks, for the question about tags.

    Raises:
        NoNameServerError: No name server answered.
        UnknownNameError: The name is not registered, or no object has all the tags.
        NamingError: What is registered leads to another name.
    """
    found = yield from look_up(uri, settings=settings, dialect=dialect)
    if found.scheme != "PYRO":
        raise NamingError(f"{uri} leads to {found}, which is no address of an object")
    return found


def look_up(uri: URI, *, settings: Settings, dialect: Dialect = PYRO5) -> Procedure[URI]:
    """Do what :func:`resolve` does, but leave it at what is registered."""
    if uri.scheme == "PYRO":
        return uri
    host = f"./u:{uri.socket_name}" if uri.socket_name else uri.host or None
    waited = 0.0
    pause = _FIRST_PAUSE
    while True:
        try:
            if uri.scheme == "PYRONAME":
                found = yield from ask_names(
                    "lookup", (uri.object,), host=host, port=uri.port, settings=settings
                )
                return _registered(found, uri)
            method, args = dialect.search(uri.tags)
            found = yield from ask_names(
                method, args, host=host, port=uri.port, settings=settings
            )
            return _registered(_choose(found, uri), uri)
        except NamingError:
            if waited >= settings.name_wait:
                raise
        pause = min(pause, settings.name_wait - waited)
        yield Sleep(pause)
        waited += pause
        pause = min(2 * pause, _LONGEST_PAUSE)


def reach(
    uri: URI, *, settings: Settings, patience: float = 0.0, dialect: Dialect = PYRO5
) -> Procedure[Any]:
    """Connect to the object that *uri* stands for; return the connection.

    Args:
        uri: Of any scheme; a name is looked up anew for every attempt.
        settings: How to look up.
        patience: How long to try again, in seconds of pauses, if nobody answers.
        dialect: What the driver speaks.

    Raises:
        ConnectError: Nobody answered.
        NamingError: It could not be found.
    """
    waited = 0.0
    pause = _FIRST_PAUSE
    while True:
        try:
            target = yield from resolve(uri, settings=settings, dialect=dialect)
            connection = yield Connect(target)
        except (ConnectError, NamingError):
            if waited >= patience:
                raise
        else:
            return connection
        pause = min(pause, patience - waited)
        yield Sleep(pause)
        waited += pause
        pause = min(2 * pause, _LONGEST_PAUSE)


def _ask(
    method: str,
    args: tuple[Any, ...],
    host: str | None,
    port: int | None,
    settings: Settings,
    broadcast: bool,
) -> Procedure[tuple[URI, Any]]:
    """Ask the first name server that can be reached; return its URI and the result."""
    ways = [_ask_at(_candidates(host, port, settings), method, args)]
    if host is None and broadcast and settings.broadcast_addresses:
        ways.append(_ask_around(settings, method, args))
        if settings.broadcast_first:
            ways.reverse()
    failures = []
    for way in ways:
        found = yield from way
        if not isinstance(found, _Failure):
            return found
        failures.append(found)
    raise NoNameServerError(
        f"Failed to locate the nameserver; tried {'; '.join(map(str, failures))}. "
        "Start one with 'pyrophone names serve'."
    ) from failures[0].error


class _Failure(NamedTuple):
    """What was tried, and what came of it."""

    where: str
    error: Exception

    def __str__(self) -> str:
        return f"{self.where}: {self.error}"


def _candidates(host: str | None, port: int | None, settings: Settings) -> list[URI]:
    port = settings.name_port if port is None else port
    hosts = [host or settings.name_host]
    if host is None and hosts[0] in _LOCAL and sys.platform == "linux":
        hosts.append(_OWN_NAME)
    return [_name_server(host, port) for host in hosts]


def _ask_at(
    candidates: list[URI], method: str, args: tuple[Any, ...]
) -> Procedure[tuple[URI, Any] | _Failure]:
    """Return who could be reached and the result; or why the first one could not be."""
    failures = []
    for candidate in candidates:
        try:
            return candidate, (yield Ask(candidate, method, args))
        except CommunicationError as error:
            failures.append(_Failure(str(candidate.location), error))
    return failures[0]


def _ask_around(
    settings: Settings, method: str, args: tuple[Any, ...]
) -> Procedure[tuple[URI, Any] | _Failure]:
    """Return who answered a broadcast and the result; or what went wrong."""
    found = yield from _broadcast(settings)
    if found is None:
        where = f"broadcast to UDP port {settings.broadcast_port}"
        return _Failure(where, NamingError("no answer"))
    try:
        return found, (yield Ask(found, method, args))
    except CommunicationError as error:
        return _Failure(f"{found.location}, which answered a broadcast", error)


def _broadcast(settings: Settings) -> Procedure[URI | None]:
    for _ in range(_BROADCASTS):
        text = yield Broadcast(
            BROADCAST_QUERY,
            settings.broadcast_addresses,
            settings.broadcast_port,
            settings.broadcast_timeout,
        )
        if text is not None:
            try:
                uri = URI.parse(text)
            except InvalidURIError:
                continue
            if uri.scheme == "PYRO":
                return uri
    return None


def _name_server(host: str, port: int) -> URI:
    if host.startswith("./u:"):
        return URI("PYRO", NAME_SERVER_ID, host.removeprefix("./u:"))
    return URI("PYRO", NAME_SERVER_ID, None, host.strip("[]"), port)


def _registered(found: Any, asked: URI) -> URI:
    uri = URI.parse(found) if isinstance(found, str) else found
    if not isinstance(uri, URI):
        raise NamingError(f"{asked} leads to {found}, which is no address of an object")
    return uri


def _choose(found: Any, asked: URI) -> Any:
    if not isinstance(found, Mapping) or not found:
        raise UnknownNameError(f"no registered object has all of the tags {asked.object}")
    return random.choice(list(found.values()))
