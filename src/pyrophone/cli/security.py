"""TLS, in the commands that call and in those that serve."""

from __future__ import annotations

import argparse
from ssl import SSLContext

from ..net.tls import client_context, server_context
from .common import CommandError

__all__ = ["add_tls", "calling", "serving"]


def add_tls(parser: argparse.ArgumentParser, *, serves: bool = False) -> None:
    """Add the options for TLS; any of them switches it on.

    Args:
        parser: Of the command.
        serves: Whether the command serves.
    """
    group = parser.add_argument_group("TLS", "Any of these switches it on.")
    if not serves:
        group.add_argument("--tls", action="store_true", help="use TLS")
    group.add_argument(
        "--tls-authorities",
        metavar="PATH",
        help="whom to trust, a file or folder; by default whom the system trusts",
    )
    group.add_argument(
        "--tls-certificate", metavar="FILE", help="with which to show who this is"
    )
    group.add_argument(
        "--tls-key", metavar="FILE", help="its private key, if that is in another file"
    )
    if serves:
        group.add_argument(
            "--tls-clients",
            action="store_true",
            help="let in only clients with a certificate of --tls-authorities",
        )


def calling(args: argparse.Namespace) -> SSLContext | None:
    """Return what to connect with, None without TLS.

    Raises:
        CommandError: A file can't be used.
    """
    if not _is_on(args):
        return None
    try:
        return client_context(
            args.tls_authorities, certificate=args.tls_certificate, key=args.tls_key
        )
    except OSError as error:
        raise CommandError(f"TLS: {error}") from error


def serving(args: argparse.Namespace) -> SSLContext | None:
    """Return what to serve with, None without TLS.

    Raises:
        CommandError: A file can't be used, or an option is missing.
    """
    if not _is_on(args):
        return None
    if args.tls_certificate is None:
        raise CommandError("to serve by TLS, give a --tls-certificate", 2)
    if args.tls_clients and args.tls_authorities is None:
        raise CommandError("with --tls-clients, say whose with --tls-authorities", 2)
    try:
        return server_context(
            args.tls_certificate,
            args.tls_key,
            clients=args.tls_authorities if args.tls_clients else None,
        )
    except OSError as error:
        raise CommandError(f"TLS: {error}") from error


def _is_on(args: argparse.Namespace) -> bool:
    return any(value for name, value in vars(args).items() if name.startswith("tls"))
