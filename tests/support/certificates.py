"""Certificates for TLS, made anew for each run of the tests, so that none runs out."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["PASSWORD", "Certificates", "Pair"]

PASSWORD = "open sesame"


@dataclass(frozen=True)
class Pair:
    """The files of a certificate and of its key."""

    certificate: Path
    key: Path


class Certificates:
    """An authority, some certificates of it, and one of another authority.

    Args:
        folder: Where the files are put.

    Attributes:
        authority: File of the authority's own certificate.
        another: Likewise, of an authority that nobody else here knows.
        server: For ``localhost``, ``127.0.0.1`` and ``::1``.
        named: For ``localhost``, and no address.
        elsewhere: For ``elsewhere.example`` only.
        expired: For ``localhost``, until yesterday.
        client: For a client.
        stranger: For a client, of the other authority.
        locked: As ``server``; the key needs a password.
    """

    def __init__(self, folder: Path) -> None:
        here = ("localhost", "127.0.0.1", "::1")
        ours, others = _Authority("ours"), _Authority("others")
        self.authority = ours.write(folder / "authority.pem")
        self.another = others.write(folder / "another.pem")
        self.server = ours.issue(folder, "server", here)
        self.elsewhere = ours.issue(folder, "elsewhere", ("elsewhere.example",))
        self.named = ours.issue(folder, "named", ("localhost",))
        self.expired = ours.issue(folder, "expired", here, days=-1)
        self.client = ours.issue(folder, "client")
        self.stranger = others.issue(folder, "stranger")
        self.locked = ours.issue(folder, "locked", here, password=PASSWORD)


class _Authority:
    def __init__(self, name: str) -> None:
        self._name = name
        self._key = ec.generate_private_key(ec.SECP256R1())
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        self._certificate = (
            self._begin(name, self._key.public_key(), days=2)
            .add_extension(constraints, critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def write(self, path: Path) -> Path:
        """Write the authority's certificate; return *path*."""
        path.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def issue(
        self,
        folder: Path,
        name: str,
        hosts: tuple[str, ...] = (),
        *,
        days: int = 2,
        password: str | None = None,
    ) -> Pair:
        """Write a certificate of this authority and its key; return where they are."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._begin(name, key.public_key(), days)
        if hosts:
            names = x509.SubjectAlternativeName([_host(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
        pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        how: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password is not None:
            how = serialization.BestAvailableEncryption(password.encode())
        pair.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how
            )
        )
        return pair

    def _begin(
        self, name: str, key: ec.EllipticCurvePublicKey, days: int
    ) -> x509.CertificateBuilder:
        own = self._key.public_key()
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(self._name))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=3))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(own), critical=False
            )
        )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
