"""TLS, as the configuration has it."""

from __future__ import annotations

import ssl

from pyrophone.classic import tls

from .configuration import config

__all__ = ["client_tls", "getSSLcontext", "server_tls"]


def getSSLcontext(
    servercert: str = "",
    serverkey: str = "",
    clientcert: str = "",
    clientkey: str = "",
    cacerts: str = "",
    keypassword: str = "",
) -> ssl.SSLContext:
    """Return a context for servers, if there is a *servercert*, else one for clients.

    See :func:`pyrophone.classic.tls.ssl_context`.
    """
    return tls.ssl_context(
        config, servercert, serverkey, clientcert, clientkey, cacerts, keypassword
    )


def server_tls() -> ssl.SSLContext | None:
    """Return what daemons are to serve with, None if SSL is off."""
    return tls.server_tls(config)


def client_tls() -> ssl.SSLContext | None:
    """Return what proxies are to connect with, None if SSL is off."""
    return tls.client_tls(config)
