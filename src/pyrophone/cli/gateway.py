"""``pyrophone gateway``: offer named objects by HTTP."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

from ..http import Gateway, GatewayServer
from ..net.addresses import is_loopback
from .common import (
    CommandError,
    Commands,
    add_dialect,
    add_listening,
    add_parser,
    listening,
    settings,
    until_told_to_end,
)
from .security import add_tls, calling

__all__ = ["add_command"]

_TIMEOUT = 60.0  # seconds


def add_command(commands: Commands) -> None:
    """Add ``gateway``."""
    parser = add_parser(
        commands,
        "gateway",
        gateway,
        "Offer named objects by HTTP, as JSON and on a page, until Ctrl-C.",
        epilog="Prints the address of the page when it is ready. Names are looked up in "
        "the name server of PYROPHONE_NAME_HOST and PYROPHONE_NAME_PORT, or in one that "
        "answers a broadcast.",
    )
    parser.add_argument(
        "--expose",
        default=r"http\.",
        metavar="PATTERN",
        help="which names can be called: a regular expression that must match from the "
        r"start, default http\. ; '' is all",
    )
    add_listening(parser, 8080, "0 for a free one")
    key = parser.add_mutually_exclusive_group()
    key.add_argument("--key", help="what requests must have in X-Pyro-Gateway-Key")
    key.add_argument("--key-file", metavar="FILE", help="file whose first line is the key")
    parser.add_argument("--cors", metavar="ORIGIN", help="whose pages may call; * is all")
    parser.add_argument(
        "--timeout",
        type=float,
        metavar="SECONDS",
        help="limit of a call, default: that of PYROPHONE_TIMEOUT, or 60",
    )
    add_dialect(parser)
    add_tls(parser)
    parser.add_argument("--verbose", action="store_true", help="print requests, to stderr")


def gateway(args: argparse.Namespace) -> int:
    """Serve the gateway; print the address of its page when it is ready."""
    app = _app(args)
    with until_told_to_end(), _server(app, args) as server:
        if not _has_key(args) and not is_loopback(args.host):
            print(
                f"{args.prog}: no key: whoever reaches it can call",
                file=sys.stderr,
                flush=True,
            )
        print(server.url, flush=True)
        server.serve_forever()
    return 0


def _app(args: argparse.Namespace) -> Gateway:
    own = settings(calling(args))
    timeout = args.timeout or own.timeout or _TIMEOUT
    try:
        own = dataclasses.replace(own, timeout=timeout)
        return Gateway(
            expose=args.expose,
            key=_key(args),
            cors=args.cors,
            settings=own,
            dialect=args.dialect,
        )
    except ValueError as error:
        raise CommandError(str(error), 2) from None


def _has_key(args: argparse.Namespace) -> bool:
    return bool(args.key or args.key_file)


def _key(args: argparse.Namespace) -> str | None:
    if args.key_file is None:
        key: str | None = args.key
        return key
    try:
        key = Path(args.key_file).read_text("utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeError) as error:
        raise CommandError(f"cannot read the key: {error}", 2) from None
    if not key:
        raise CommandError(f"there is no key in the first line of {args.key_file}", 2)
    return key


def _server(app: Gateway, args: argparse.Namespace) -> GatewayServer:
    with listening(f"{args.host}:{args.port}"):
        return GatewayServer(
            app, args.host, args.port, log=_print_request if args.verbose else None
        )


def _print_request(line: str) -> None:
    sys.stderr.write(f"{line}\n")  # at once, as other threads write, too
