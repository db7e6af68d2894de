"""The address of a remote object: parse it, print it, compare it.

::

    PYRO:<object>@<location>                  the object itself
    PYRONAME:<name>[@<location>]              ask a name server for the name
    PYROMETA:<tag>{,<tag>}[@<location>]       ask it for one with all these tags

    location := <host>:<port> | [<ipv6>]:<port> | ./u:<socket name>

For ``PYRO`` the location is that of the daemon; for the other two it is that of
the name server, and may be left out.
"""

from __future__ import annotations

import dataclasses
import re

from .errors import InvalidURIError

__all__ = ["DEFAULT_NAME_PORT", "URI"]

DEFAULT_NAME_PORT = 9090  # of every Pyro since version 3
SOCKET_PREFIX = "./u:"

_MAX_LENGTH = 4096  # characters; the pattern below is quadratic in a text full of @
_SCHEMES = frozenset({"PYRO", "PYRONAME", "PYROMETA"})
# The shortest object such that the rest is nothing or a location; $ lets one
# line feed at the end pass, as every Pyro did.
_SHAPE = re.compile(
    r"(?P<scheme>pyro[a-z]*):(?P<object>\S+?)(?:@(?P<location>.+))?$", re.I | re.A
)
_BRACKETS = re.compile(r"\[([0-9a-f:%]+)](?::(\d+))?", re.I)


@dataclasses.dataclass(frozen=True, slots=True)
class URI:
    """The address of a remote object, or of where to ask for it.

    Attributes:
        scheme: ``PYRO``, ``PYRONAME`` or ``PYROMETA``.
        object: The object id, the name, or the sorted tags joined by commas.
        socket_name: Path of a Unix socket, a NUL first if abstract; else None.
        host: Name or address, as written; None if there is none.
        port: Port number; None if there is none.

    Source: ``docs/reference/wire.md``, URIs.
    """

    scheme: str
    object: str
    socket_name: str | None = None
    host: str | None = None
    port: int | None = None

    @classmethod
    def parse(cls, text: str, *, name_port: int = DEFAULT_NAME_PORT) -> URI:
        """Return the URI that *text* spells.

        Args:
            text: One of the forms at the top of this module.
            name_port: Filled in where a name server's host stands without port.

        Raises:
            InvalidURIError: It does not; the message says what is wrong where.
        """
        if len(text) > _MAX_LENGTH:
            raise InvalidURIError(
                f"invalid uri: {len(text)} characters, limit is {_MAX_LENGTH}"
            )
        match = _SHAPE.match(text)
        if match is None:
            raise InvalidURIError(f"invalid uri {text!r}: {_explain(text)}")
        scheme = match["scheme"].upper()
        if scheme not in _SCHEMES:
            raise InvalidURIError(
                f"invalid uri (protocol) {text!r}: {scheme} is none of "
                "PYRO, PYRONAME and PYROMETA"
            )
        name = match["object"]
        if scheme == "PYROMETA":
            name = ",".join(sorted({tag.strip() for tag in name.split(",")}))
        location = match["location"]
        if location is None:
            if scheme == "PYRO":
                raise InvalidURIError(f"invalid uri {text!r}: {_explain(text)}")
            return cls(scheme, name)
        default = None if scheme == "PYRO" else name_port
        return cls(scheme, name, *_parse_location(text, location, default))

    @property
    def tags(self) -> frozenset[str]:
        """The tags of a ``PYROMETA`` URI; empty for the other two."""
        return frozenset(self.object.split(",") if self.scheme == "PYROMETA" else ())

    @property
    def location(self) -> str | None:
        """The part behind the ``@``, None if there is none."""
        if self.socket_name:
            return SOCKET_PREFIX + self.socket_name
        if not self.host:
            return None
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def __str__(self) -> str:
        location = self.location
        return f"{self.scheme}:{self.object}" + (f"@{location}" if location else "")


def _parse_location(
    text: str, location: str, default: int | None
) -> tuple[str | None, str | None, int | None]:
    """Return socket name, host and port; *default* is the port if none is given."""
    if location.startswith(SOCKET_PREFIX):
        name = location.removeprefix(SOCKET_PREFIX)
        if not name or ":" in name:
            what = (
                f"socket name {name!r} has a colon"
                if name
                else "the socket name is missing"
            )
            raise InvalidURIError(f"invalid uri (location) {text!r}: {what}")
        return name, None, None
    if location.startswith("[["):
        raise InvalidURIError(
            f"invalid ipv6 address: enclosed in too many brackets, in {text!r} "
            f"at {len(text) - len(location)}"
        )
    if location.startswith("["):
        match = _BRACKETS.match(location)
        if match is None:
            raise InvalidURIError(
                "invalid ipv6 address: the part between brackets must be a numeric ipv6 "
                f"address, in {text!r} at {len(text) - len(location)}"
            )
        host, port = match[1], match[2]
    else:
        host, _, port = location.partition(":")
    return None, host, _parse_port(text, port, default)


def _parse_port(text: str, port: str | None, default: int | None) -> int:
    if not port and default is not None:
        return default
    try:
        return int(port or "")
    except ValueError:
        problem = "the number is missing" if not port else "that is no number"
        raise InvalidURIError(
            f"invalid port in uri, port={port or None}: {problem}, in {text!r}"
        ) from None


def _explain(text: str) -> str:
    scheme, colon, rest = text.partition(":")
    if not colon or not re.fullmatch(r"pyro[a-z]*", scheme, re.I | re.A):
        return "it must begin with 'PYRO:', 'PYRONAME:' or 'PYROMETA:'"
    name = rest.partition("@")[0]
    if not name or name.isspace():
        return f"the object is missing at {len(scheme) + 1}"
    blank = re.search(r"\s", name, re.A) or re.search(r"\n", rest.removesuffix("\n"))
    if blank is None:
        return "'@' and a location are missing at the end"
    return f"{blank.group()!r} at {len(scheme) + 1 + blank.start()} does not belong there"
