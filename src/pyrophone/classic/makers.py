"""Sockets: making them, and what can be set on them."""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, TypeAlias

from ..net.addresses import facing
from .generation import Generation

__all__ = [
    "Maker",
    "interrupt_socket",
    "set_keepalive",
    "set_nodelay",
    "set_noinherit",
    "set_reuseaddr",
]

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_BACKLOG = 100
_FAR_AWAY = "192.0.2.1"  # an address of documentations; nothing is sent to it
_UDP = socket.SOCK_DGRAM
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6, 0: socket.AF_UNSPEC}


class Maker:
    """Makes sockets; PREFER_IP_VERSION of a generation's configuration counts."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation

    def get_ip_address(
        self, hostname: Any, workaround127: bool = False, version: int | None = None
    ) -> Address:
        """Return the address of a host.

        Args:
            hostname: Its name or address; if empty, that of this machine.
            workaround127: Replace a loopback address by that of the interface that faces
                the world, if there is one.
            version: 4, 6, or 0 for either; None is PREFER_IP_VERSION.

        Raises:
            OSError: It has none.
            ValueError: There is no such version.
        """
        hostname = str(hostname or socket.gethostname())
        found = _address(hostname)
        if found is None:
            if version is None:
                version = int(self._generation.config.PREFER_IP_VERSION)
            found = _look_up(hostname, version)
        if workaround127 and found.version == 4 and (found.is_loopback or not int(found)):
            found = ipaddress.ip_address(facing(_FAR_AWAY))
        return found

    def get_interface(
        self, ip_address: Any
    ) -> ipaddress.IPv4Interface | ipaddress.IPv6Interface:
        """Return the interface of this machine towards a name or address."""
        host = str(ip_address)
        family = self.get_ip_address(host).version
        with socket.socket(
            socket.AF_INET if family == 4 else socket.AF_INET6, _UDP
        ) as probe:
            probe.connect((host, 53))  # nothing is sent
            return ipaddress.ip_interface(probe.getsockname()[0])

    def create_socket(
        self,
        bind: Any = None,
        connect: Any = None,
        reuseaddr: bool = False,
        keepalive: bool = True,
        timeout: float | None = -1,
        noinherit: bool = False,
        ipv6: bool = False,
        nodelay: bool = True,
        sslContext: Any = None,
    ) -> socket.socket:
        """Return a new socket, that listens, or is connected, or neither.

        Args:
            bind: Where to listen: host and port, or the name of a Unix socket.
            connect: Where to connect to, likewise.
            reuseaddr: See :func:`set_reuseaddr`.
            keepalive: See :func:`set_keepalive`.
            timeout: In seconds; None and 0 wait for ever, negative leaves the default.
            noinherit: See :func:`set_noinherit`.
            ipv6: Insist on IPv6.
            nodelay: See :func:`set_nodelay`.
            sslContext: What to wrap the socket with.

        Raises:
            ValueError: The arguments don't fit together.
            OSError: The system says no.
        """
        if bind and connect:
            raise ValueError("bind and connect cannot both be specified at the same time")
        where = bind or connect
        if isinstance(where, (str, bytes)):
            family = socket.AF_UNIX
        elif where is None or isinstance(where, tuple):
            family = self._family(where, "bind" if bind else "connect", ipv6)
        else:
            raise ValueError("unknown bind or connect format.")
        sock: Any = socket.socket(family, socket.SOCK_STREAM)
        try:
            if sslContext is not None:
                host = (
                    "localhost" if isinstance(where, (str, bytes)) else (where or [""])[0]
                )
                names = {"server_hostname": host} if connect else {}
                sock = sslContext.wrap_socket(sock, server_side=bool(bind), **names)
            _prepare(sock, reuseaddr, keepalive, timeout, noinherit, nodelay)
            if bind:
                self._listen(sock, bind)
            elif connect:
                sock.connect(connect)
        except BaseException:
            sock.close()
            raise
        made: socket.socket = sock
        return made

    def create_bc_socket(
        self,
        bind: Any = None,
        reuseaddr: bool = False,
        timeout: float | None = -1,
        ipv6: bool = False,
    ) -> socket.socket:
        """Return a new socket for broadcasts; the arguments are as in create_socket().

        Raises:
            ValueError: The arguments don't fit together.
            OSError: The system says no.
        """
        if bind and not isinstance(bind, tuple):
            raise ValueError(f"unknown bind format: {bind!r}")
        if ipv6 and bind and bind[0] and self.get_ip_address(bind[0]).version == 4:
            raise ValueError(f"IPv4 address is used with forceIPv6 option:{bind[0]}.")
        sock = socket.socket(self._family(bind, "bind", ipv6), _UDP)
        try:
            if sock.family == socket.AF_INET:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            _prepare(sock, reuseaddr, False, timeout, False, False)
            if bind:
                sock.bind((str(bind[0]), *bind[1:]))
        except BaseException:
            sock.close()
            raise
        return sock

    def find_probably_unused_port(
        self, family: int = socket.AF_INET, socktype: int = socket.SOCK_STREAM
    ) -> int:
        """Return a port that nobody used a moment ago."""
        with socket.socket(family, socktype) as sock:
            return self.bind_unused_port(sock)

    def bind_unused_port(self, sock: socket.socket, host: Any = "localhost") -> int:
        """Bind *sock* to a port that is free; return its number.

        Raises:
            CommunicationError: It is no socket of the internet.
        """
        if sock.family not in (socket.AF_INET, socket.AF_INET6):
            raise self._generation.errors.CommunicationError(
                f"unsupported socket family: {int(sock.family)}"
            )
        host = str(host)
        if host == "localhost":
            host = "127.0.0.1" if sock.family == socket.AF_INET else "::1"
        if sys.platform == "win32":  # there another process could take it over
            with suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        sock.bind((host, 0))
        port: int = sock.getsockname()[1]
        return port

    def _family(
        self, where: Sequence[Any] | None, what: str, ipv6: bool
    ) -> socket.AddressFamily:
        """Return the family of a host and port."""
        if not where or not where[0]:
            return socket.AF_INET6 if ipv6 else socket.AF_INET
        host = str(where[0])
        if ipv6 and self.get_ip_address(host).version == 4:
            raise ValueError(
                f"IPv4 address is used {what} argument with forceIPv6 argument:{host}."
            )
        return socket.AF_INET6 if self.get_ip_address(host).version == 6 else socket.AF_INET

    def _listen(self, sock: socket.socket, where: Any) -> None:
        if isinstance(where, tuple) and where[1] == 0:
            self.bind_unused_port(sock, where[0])
        else:
            sock.bind(where)
        with suppress(OSError):  # it may not be of a kind that listens
            sock.listen(_BACKLOG)


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _look_up(hostname: str, version: int) -> Address:
    if version not in _FAMILIES:
        raise ValueError(f"unknown value for an IP version: {version}")
    try:
        found = socket.getaddrinfo(
            hostname, 80, _FAMILIES[version], socket.SOCK_STREAM, socket.IPPROTO_TCP
        )
    except socket.gaierror as error:
        if version == 6:
            raise OSError("unable to determine IPV6 address") from error
        if version == 0:
            raise
        return _look_up(hostname, 0)
    return ipaddress.ip_address(found[0][4][0])


def _prepare(
    sock: socket.socket,
    reuseaddr: bool,
    keepalive: bool,
    timeout: float | None,
    noinherit: bool,
    nodelay: bool,
) -> None:
    if nodelay:
        set_nodelay(sock)
    if reuseaddr:
        set_reuseaddr(sock)
    if noinherit:
        set_noinherit(sock)
    if not timeout:
        sock.settimeout(None)
    elif timeout > 0:
        sock.settimeout(timeout)
    if keepalive:
        set_keepalive(sock)


def set_reuseaddr(sock: socket.socket) -> None:
    """Let the address of *sock* be used again soon; what can't be set is passed over."""
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def set_nodelay(sock: socket.socket) -> None:
    """Let *sock* send small pieces at once; what can't be set is passed over."""
    with suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def set_keepalive(sock: socket.socket) -> None:
    """Let *sock* find out that its peer is gone; what can't be set is passed over."""
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


def set_noinherit(sock: socket.socket) -> None:
    """Keep *sock* from processes that are started; Python does so by itself."""
    sock.set_inheritable(False)


def interrupt_socket(address: Any) -> None:
    """Wake whoever waits for a connection at *address*."""
    with suppress(OSError), socket.create_connection(address, 1.0) as sock:
        sock.sendall(b"!" * 16)
