"""TLS, as a configuration has it."""

from __future__ import annotations

import errno
import os
import ssl
from functools import lru_cache
from typing import Any

from ..net.tls import client_context, server_context, trust

__all__ = ["client_tls", "server_tls", "ssl_context"]


def ssl_context(
    config: Any,
    servercert: str = "",
    serverkey: str = "",
    clientcert: str = "",
    clientkey: str = "",
    cacerts: str = "",
    keypassword: str = "",
) -> ssl.SSLContext:
    """Return a context for servers, if there is a *servercert*, else one for clients.

    It is the same one for the same arguments, until one of the files changes.

    Args:
        config: The configuration; SSL_REQUIRECLIENTCERT counts.
        servercert: File with the server's certificate.
        serverkey: File with its key; the same file if empty.
        clientcert: File with the client's certificate, if it has one.
        clientkey: File with its key; the same file if empty.
        cacerts: File or directory of authorities to be trusted, besides those that the
            system trusts in servers.
        keypassword: Of the key.

    Raises:
        ValueError: There are certificates for both.
        OSError: A file is not there, or can't be used.
    """
    if servercert and clientcert:
        raise ValueError("can't have both server cert and client cert")
    pair = (servercert, serverkey) if servercert else (clientcert, clientkey)
    side = "server" if servercert else "client"
    for file, what in zip(pair, ("cert", "key"), strict=True):
        if file and not os.path.exists(file):
            cause = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), file)
            raise OSError(f"{side} {what} file not found") from cause
    files = (*pair, cacerts)
    demanding = bool(servercert and config.SSL_REQUIRECLIENTCERT)
    return _context(side, files, keypassword, demanding, tuple(map(_stamp, files)))


def server_tls(config: Any) -> ssl.SSLContext | None:
    """Return what daemons are to serve with, None if SSL is off.

    Raises:
        OSError: A file is not there, or can't be used.
    """
    if not config.SSL:
        return None
    if not config.SSL_SERVERCERT:
        raise OSError("server cert file not found: SSL is on, SSL_SERVERCERT is empty")
    return ssl_context(
        config,
        servercert=config.SSL_SERVERCERT,
        serverkey=config.SSL_SERVERKEY,
        cacerts=config.SSL_CACERTS,
        keypassword=config.SSL_SERVERKEYPASSWD,
    )


def client_tls(config: Any) -> ssl.SSLContext | None:
    """Return what proxies are to connect with, None if SSL is off.

    Raises:
        OSError: A file is not there, or can't be used.
    """
    if not config.SSL:
        return None
    return ssl_context(
        config,
        clientcert=config.SSL_CLIENTCERT,
        clientkey=config.SSL_CLIENTKEY,
        cacerts=config.SSL_CACERTS,
        keypassword=config.SSL_CLIENTKEYPASSWD,
    )


@lru_cache(maxsize=8)
def _context(
    side: str,
    files: tuple[str, str, str],
    password: str,
    demanding: bool,
    stamps: tuple[object, ...],
) -> ssl.SSLContext:
    certificate, key, authorities = files
    if side == "server":
        context = server_context(certificate, key or None, password=password or None)
    else:
        context = client_context(
            certificate=certificate or None, key=key or None, password=password or None
        )
    if authorities:
        trust(context, authorities)
    if demanding:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _stamp(file: str) -> object:
    """Return what is different once a file has changed."""
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
