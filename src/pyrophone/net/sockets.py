"""Sockets: opening them, and what differs from system to system.

Tried on Linux only; the branches for Windows and macOS follow their manuals.
"""

from __future__ import annotations

import errno
import operator
import os
import select
import socket
import ssl
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import ConnectError
from ..uri import URI

__all__ = [
    "AT_ONCE",
    "close_hard",
    "connect_socket",
    "connect_tls",
    "is_stale",
    "limit_waits",
    "listen_tcp",
    "listen_unix",
    "peer_name",
    "remove_socket_file",
    "takes_more",
    "tune",
    "wait_for",
    "wait_limit_reached",
]

AT_ONCE = getattr(socket, "MSG_DONTWAIT", 0)  # flag of send and recv; Windows has none

_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")
_BACKLOG = 1024  # Linux caps it at net.core.somaxconn, 4096 by default
_UNIX = getattr(socket, "AF_UNIX", None)  # absent on Windows


def connect_socket(uri: URI, timeout: float | None = None) -> socket.socket:
    """Return a socket connected to the daemon of *uri*, which is of scheme ``PYRO``.

    Args:
        uri: With a host and port, or the name of a Unix socket.
        timeout: In seconds; None leaves it to the system.

    Raises:
        ConnectError: Nobody is there; the text says where, and why not.
    """
    try:
        if uri.socket_name is not None:
            sock = _connect_unix(uri.socket_name, timeout)
        else:
            # No daemon of ours is reached by a name's ::1 alone, and Windows takes
            # two seconds to find out that nobody listens there.
            host = "127.0.0.1" if uri.host == "localhost" else uri.host or "127.0.0.1"
            sock = _connect_tcp(host, uri.port or 0, timeout)
    except (OSError, OverflowError, UnicodeError) as error:
        raise ConnectError(f"cannot connect to {uri.location}: {error}") from error
    tune(sock)
    return sock


def connect_tls(
    uri: URI, context: ssl.SSLContext, timeout: float | None = None
) -> ssl.SSLSocket:
    """Return a socket with TLS, connected to the daemon of *uri*.

    The name that the certificate must have is the host of the URI as it is written
    there; at a Unix socket, which is on this machine, it is ``localhost``.

    Args:
        uri: Of scheme ``PYRO``.
        context: For clients.
        timeout: Limit of connecting and the handshake together, in seconds.

    Raises:
        ConnectError: Nobody is there, or no TLS came about; the text says why.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    sock = connect_socket(uri, timeout)
    where = f"cannot connect to {uri.location}"
    try:
        if deadline is not None:
            sock.settimeout(max(deadline - time.monotonic(), 0.001))
        return context.wrap_socket(sock, server_hostname=uri.host or "localhost")
    except TimeoutError as error:
        raise ConnectError(f"{where}: the TLS handshake took over {timeout} s") from error
    except ssl.SSLEOFError as error:
        raise ConnectError(f"{where}: the TLS handshake was broken off") from error
    except ssl.SSLError as error:
        hint = "; does it use TLS?" if error.reason in _NO_TLS else ""
        raise ConnectError(f"{where}: {error}{hint}") from error
    except (OSError, ValueError) as error:  # ValueError: of a host that is no name
        raise ConnectError(f"{where}: in the TLS handshake: {error}") from error
    finally:
        sock.close()  # where it was wrapped, it is no longer this object's to close


def _connect_tcp(host: str, port: int, timeout: float | None) -> socket.socket:
    if not 0 <= port <= 65535:  # some systems would take the lower 16 bits
        raise OverflowError(f"port must be 0-65535, not {port}")
    try:
        return socket.create_connection((host, port), timeout)
    except OSError:
        if host != "127.0.0.1":
            raise
        try:  # a server may listen on ::1 only, where localhost means that
            return socket.create_connection(("::1", port), timeout)
        except OSError:
            pass
        raise


def _connect_unix(name: str, timeout: float | None) -> socket.socket:
    if _UNIX is None:
        raise OSError("this system has no Unix sockets")
    sock = socket.socket(_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.connect(_unix_address(name))
    except BaseException:
        sock.close()
        raise
    return sock


def listen_tcp(host: str, port: int, version: int = 0) -> socket.socket:
    """Return a socket that listens at *host* and *port*, 0 for any free one.

    Args:
        host: A name or address; empty is all interfaces.
        port: TCP port.
        version: 4 or 6 for addresses of that kind only; 0 takes what comes first.

    Raises:
        OSError: The address is not ours, or is in use.
        OverflowError: There is no such port.
        TypeError: The port is no whole number.
        ValueError: There is no such version.
    """
    if not 0 <= operator.index(port) <= 65535:  # which getaddrinfo says badly, or not
        raise OverflowError("bind(): port must be 0-65535.")
    families = {0: socket.AF_UNSPEC, 4: socket.AF_INET, 6: socket.AF_INET6}
    if version not in families:
        raise ValueError(f"IP version is {version}, must be 4, 6 or 0")
    everywhere, here = ("::", "::1") if version == 6 else ("0.0.0.0", "127.0.0.1")
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            here if host == "localhost" else host or everywhere,
            port,
            families[version],
            type=socket.SOCK_STREAM,
            flags=socket.AI_PASSIVE,
        )[0]
    except UnicodeError as error:
        text = f"not the name of a host: {host}:{port}"
        raise OSError(errno.EADDRNOTAVAIL, text) from error
    except socket.gaierror as error:
        raise socket.gaierror(error.errno, f"{error.strerror}: {host}:{port}") from error
    sock = socket.socket(family, kind, proto)
    try:
        if sys.platform != "win32":  # there it would let two servers share a port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"{error.strerror}: {host}:{port}") from error
    return sock


def listen_unix(name: str) -> socket.socket:
    """Return a socket that listens at the Unix socket *name*, a NUL first if abstract.

    A socket file that nobody listens at any more is replaced.

    Raises:
        OSError: It is in use, can't be made, or this system has no Unix sockets.
    """
    if _UNIX is None:
        raise OSError("this system has no Unix sockets")
    sock = socket.socket(_UNIX, socket.SOCK_STREAM)
    try:
        _replace_stale_file(name)
        sock.bind(_unix_address(name))
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"{error.strerror or error}: {name!r}") from error
    return sock


def _replace_stale_file(name: str) -> None:
    if name.startswith("\0") or not Path(name).is_socket():
        return
    try:
        _connect_unix(name, 1.0).close()
    except ConnectionRefusedError:
        os.unlink(name)


def remove_socket_file(name: str) -> None:
    """Remove the file of a Unix socket that was listened at, if it has one."""
    if not name.startswith("\0"):
        with suppress(OSError):
            os.unlink(name)


def tune(sock: socket.socket) -> None:
    """Set what suits short messages back and forth; what a socket lacks is passed over."""
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sock.family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def limit_waits(sock: socket.socket, *, receive: float, send: float) -> None:
    """Make the system end a ``recv`` and a ``send`` of a blocking socket after that long.

    Unlike ``settimeout`` this costs no call of ``poll`` each time. What is then
    raised, :func:`wait_limit_reached` knows.

    Args:
        sock: A blocking socket.
        receive: In seconds; 0 is no limit.
        send: Likewise.
    """
    for option, seconds in ((socket.SO_RCVTIMEO, receive), (socket.SO_SNDTIMEO, send)):
        if sys.platform == "win32":
            value = struct.pack("@I", max(1, int(seconds * 1000)))
        else:
            value = struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000))
        sock.setsockopt(socket.SOL_SOCKET, option, value)


def wait_limit_reached(error: OSError) -> bool:
    """Tell whether *error* only says that a limit of :func:`limit_waits` was reached."""
    return isinstance(error, (BlockingIOError, TimeoutError)) or error.errno in (
        errno.EAGAIN,
        errno.EWOULDBLOCK,
    )


def is_stale(sock: socket.socket) -> bool:
    """Tell whether the peer of a quiet connection has closed it, or spoke unasked."""
    timeout = sock.gettimeout()
    try:
        sock.setblocking(False)
        if isinstance(sock, ssl.SSLSocket):  # no peeking; it may read what TLS has to say
            sock.recv(1)
        else:
            sock.recv(1, socket.MSG_PEEK)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    finally:
        with suppress(OSError):
            sock.settimeout(timeout)
    return True


def peer_name(sock: socket.socket) -> Any:
    """Return the address of the peer; an empty text if it has none."""
    try:
        return sock.getpeername()
    except OSError:
        return ""


def wait_for(sock: socket.socket, seconds: float, *, write: bool = False) -> bool:
    """Return whether *sock* can be read, or written, after *seconds* at most."""
    try:
        if not hasattr(select, "poll"):
            waits = ([], [sock]) if write else ([sock], [])
            return any(select.select(*waits, [], seconds))
        poll = select.poll()
        poll.register(sock, select.POLLOUT if write else select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    except (OSError, ValueError):  # it was closed; whoever reads or writes it will see
        return True


def takes_more(sock: socket.socket) -> bool:
    """Tell whether something short can be sent without waiting."""
    return sock.fileno() >= 0 and wait_for(sock, 0.0, write=True)


def close_hard(sock: socket.socket) -> None:
    """End both directions and close; whoever waits for the socket wakes up."""
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        sock.close()


def _unix_address(name: str) -> str | bytes:
    return name.encode() if name.startswith("\0") else name
