"""TLS: good contexts from files.

What a daemon or proxy is given is always a ``ssl.SSLContext``; one that was made
elsewhere is as good as one made here.
"""

from __future__ import annotations

import os
import re
import ssl
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

__all__ = [
    "client_context",
    "server_context",
    "trust",
]

File: TypeAlias = "str | os.PathLike[str]"

_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")  # names that "openssl rehash" gives
_NOT_A_PAIR = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH")


def server_context(
    certificate: File,
    key: File | None = None,
    *,
    password: str | None = None,
    clients: File | None = None,
) -> ssl.SSLContext:
    """Return a context for daemons. To renew the certificate, load it into that again.

    Args:
        certificate: File with the daemon's certificate and those that lead to its
            authority, in PEM form.
        key: File with its private key; None if that is in the same file.
        password: Of the key, if it has one.
        clients: File or directory with the authorities of clients. They then must have
            a certificate of one of them; None asks for none.

    Raises:
        OSError: A file can't be read or used; the text names it, and says why.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.options |= ssl.OP_NO_RENEGOTIATION
    _identify(context, certificate, key, password)
    if clients is not None:
        trust(context, clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(
    authorities: File | None = None,
    *,
    certificate: File | None = None,
    key: File | None = None,
    password: str | None = None,
) -> ssl.SSLContext:
    """Return a context for clients, which verifies the daemon's certificate and name.

    Args:
        authorities: File or directory with the authorities to trust, or with the
            daemon's own certificate if it is self-signed; None trusts whom the system
            trusts.
        certificate: File with the client's certificate, if daemons ask for one.
        key: File with its private key; None if that is in the same file.
        password: Of the key, if it has one.

    Raises:
        OSError: A file can't be read or used; the text names it, and says why.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if authorities is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        trust(context, authorities)
    if certificate is not None:
        _identify(context, certificate, key, password)
    return context


def trust(context: ssl.SSLContext, authorities: File) -> None:
    """Let *context* trust the certificates in *authorities*, a file or directory, too.

    Raises:
        OSError: It can't be read, or has no certificate; the text names it.
    """
    path = Path(authorities)
    if not path.is_dir():
        _trust_file(context, path)
        return
    names = sorted(os.listdir(path))
    if any(_HASHED.fullmatch(name) for name in names):
        context.load_verify_locations(capath=path)  # read as they are needed
        return
    found = 0
    for name in names:
        with suppress(OSError):  # other things may lie there, too
            _trust_file(context, path / name)
            found += 1
    if not found:
        raise ssl.SSLError(ssl.SSL_ERROR_SSL, f"no certificate in PEM form in {path}")


def _identify(
    context: ssl.SSLContext, certificate: File, key: File | None, password: str | None
) -> None:
    """Load a certificate and its key."""
    certificate, key = Path(certificate), Path(key or certificate)
    texts = [certificate.read_bytes(), key.read_bytes()]  # their errors name the file
    try:
        # Without any password OpenSSL would ask for one at the terminal.
        context.load_cert_chain(certificate, key, password or "")
    except ssl.SSLError as error:
        if b"-----BEGIN CERTIFICATE" not in texts[0]:
            text = f"no certificate in PEM form in {certificate}"
        elif b"PRIVATE KEY-----" not in texts[1]:
            text = f"no private key in PEM form in {key}"
        elif error.reason in _NOT_A_PAIR:
            text = (
                f"the private key in {key} is not that of the certificate in {certificate}"
            )
        elif b"ENCRYPTED" in texts[1]:
            problem = "not the given one" if password else "and none was given"
            text = f"the private key in {key} has a password, {problem}"
        else:
            text = f"{certificate} with the private key in {key} can't be used: {error}"
        raise ssl.SSLError(ssl.SSL_ERROR_SSL, text) from error


def _trust_file(context: ssl.SSLContext, path: Path) -> None:
    path.read_bytes()  # whose errors, unlike those of OpenSSL, name the file
    try:
        context.load_verify_locations(path)
    except ssl.SSLError as error:
        text = f"no certificate in PEM form in {path}"
        raise ssl.SSLError(ssl.SSL_ERROR_SSL, text) from error
