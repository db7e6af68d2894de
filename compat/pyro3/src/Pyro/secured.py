"""TLS, as the configuration has it: both sides have certificates."""

from __future__ import annotations

import os
import ssl

from pyrophone.net.tls import client_context, server_context

from . import config

__all__ = ["client_tls", "server_tls"]


def server_tls() -> ssl.SSLContext:
    """Return what daemons serve with."""
    return server_context(_path("PYROSSL_CERT"), _key(), clients=_path("PYROSSL_CA_CERT"))


def client_tls() -> ssl.SSLContext:
    """Return what proxies connect with."""
    context = client_context(
        _path("PYROSSL_CA_CERT"), certificate=_path("PYROSSL_CERT"), key=_key()
    )
    context.check_hostname = bool(config.PYROSSL_POSTCONNCHECK)
    return context


def _path(item: str) -> str:
    return os.path.join(str(config.PYROSSL_CERTDIR), str(getattr(config, item)))


def _key() -> str | None:
    return _path("PYROSSL_KEY") if config.PYROSSL_KEY else None
