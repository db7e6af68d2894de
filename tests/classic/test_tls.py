"""Contexts for TLS, as a configuration has them."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from types import SimpleNamespace

import pytest

from certificates import Certificates
from pyrophone.classic.tls import client_tls, server_tls, ssl_context

OFF = SimpleNamespace(SSL=False, SSL_REQUIRECLIENTCERT=False)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


def test_nothing_while_tls_is_off() -> None:
    assert server_tls(OFF) is None
    assert client_tls(OFF) is None


def test_each_side_has_what_the_configuration_names(files: Certificates) -> None:
    config = SimpleNamespace(
        SSL=True,
        SSL_SERVERCERT=str(files.server.certificate),
        SSL_SERVERKEY=str(files.server.key),
        SSL_SERVERKEYPASSWD="",
        SSL_CLIENTCERT="",
        SSL_CLIENTKEY="",
        SSL_CLIENTKEYPASSWD="",
        SSL_CACERTS=str(files.authority),
        SSL_REQUIRECLIENTCERT=True,
    )
    server, client = server_tls(config), client_tls(config)
    assert server is not None
    assert client is not None
    assert server is server_tls(config)
    assert server.verify_mode == client.verify_mode == ssl.CERT_REQUIRED
    config.SSL_REQUIRECLIENTCERT = False
    other = server_tls(config)
    assert other is not None
    assert other.verify_mode == ssl.CERT_NONE


def test_a_file_that_changed_is_read_again(files: Certificates, tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    own.write_bytes(files.server.certificate.read_bytes())
    key = str(files.server.key)
    before = ssl_context(OFF, servercert=str(own), serverkey=key)
    assert ssl_context(OFF, servercert=str(own), serverkey=key) is before
    os.utime(own, (1, 1))
    assert ssl_context(OFF, servercert=str(own), serverkey=key) is not before


def test_what_can_not_be() -> None:
    with pytest.raises(ValueError, match="can't have both"):
        ssl_context(OFF, servercert="a", clientcert="b")
    with pytest.raises(OSError, match="server cert file not found"):
        ssl_context(OFF, servercert="/nowhere/at/all")
    on = SimpleNamespace(SSL=True, SSL_SERVERCERT="")
    with pytest.raises(OSError, match="SSL_SERVERCERT is empty"):
        server_tls(on)
