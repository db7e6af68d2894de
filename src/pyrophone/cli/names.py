"""``pyrophone names``: run a name server, ask it, tell it."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Iterable

from ..finding import NAME_SERVER_ID
from ..naming import NameService, SqliteStorage, Storage
from ..objects.proxy import remote_of
from ..sync import Proxy, locate_names
from .common import (
    CommandError,
    Commands,
    add_dialect,
    add_dialects,
    add_name_server,
    add_other_places,
    add_parser,
    listening,
    printable,
    settings,
    until_told_to_end,
)
from .security import add_tls, calling, serving

__all__ = ["add_command"]


def add_command(commands: Commands) -> None:
    """Add ``names`` and what belongs to it."""
    description = "Run a name server, ask it, tell it."
    parser = commands.add_parser("names", help=description, description=description)
    inner = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_serve(inner)
    asking = [
        _add_list(inner),
        _add_lookup(inner),
        _add_register(inner),
        _add_remove(inner),
        add_parser(inner, "ping", ping, "See whether there is a name server; print where."),
    ]
    for command in asking:
        add_name_server(command)
        add_dialect(command)
        add_tls(command)


def _add_serve(commands: Commands) -> None:
    parser = add_parser(
        commands,
        "serve",
        serve,
        "Run a name server until Ctrl-C.",
        epilog="Prints its name and URI when it is ready.",
    )
    parser.add_argument("--host", help="where to listen; 0.0.0.0 is all interfaces")
    parser.add_argument("--port", type=int, help="TCP port, 0 for any free one")
    add_other_places(parser)
    parser.add_argument(
        "--no-broadcast", action="store_true", help="don't answer broadcasts"
    )
    parser.add_argument(
        "--storage",
        metavar="FILE",
        help="keep the names in this SQLite file, not in memory",
    )
    parser.add_argument(
        "--sweep",
        type=_seconds,
        metavar="SECONDS",
        help="look that often for names whose daemon is gone, and drop them",
    )
    parser.add_argument(
        "--events", action="store_true", help="be an event service, too: Pyrophone.Events"
    )
    add_dialects(parser)
    add_tls(parser, serves=True)
    parser.add_argument("--verbose", action="store_true", help="say how it can be found")


def _add_list(commands: Commands) -> argparse.ArgumentParser:
    parser = add_parser(
        commands, "list", list_names, "List names and where they lead, one per line."
    )
    parser.add_argument("prefix", nargs="?", help="only names that begin so")
    parser.add_argument("--tags", action="store_true", help="print tags, too")
    return parser


def _add_lookup(commands: Commands) -> argparse.ArgumentParser:
    parser = add_parser(commands, "lookup", look_up, "Print where a name leads.")
    parser.add_argument("name")
    return parser


def _add_register(commands: Commands) -> argparse.ArgumentParser:
    parser = add_parser(commands, "register", register, "Register a name.")
    parser.add_argument("name")
    parser.add_argument("uri", help="PYRO:OBJECT@HOST:PORT")
    parser.add_argument(
        "--tag", action="append", default=[], help="by which it is found, too; repeatable"
    )
    parser.add_argument(
        "--safe", action="store_true", help="fail if the name is registered already"
    )
    return parser


def _add_remove(commands: Commands) -> argparse.ArgumentParser:
    parser = add_parser(
        commands,
        "remove",
        remove,
        "Remove a name; or all that begin so, and print how many.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("name", nargs="?")
    what.add_argument("--prefix", help="remove all names that begin so")
    return parser


def serve(args: argparse.Namespace) -> int:
    """Run a name server; print its name and URI when it is ready."""
    with until_told_to_end(), _service(args) as service:
        if args.verbose:
            port = service.broadcast_port
            how = f"answers broadcasts at UDP port {port}" if port else "no broadcasts"
            print(f"{args.prog}: {how}", file=sys.stderr, flush=True)
        print(f"{NAME_SERVER_ID}\t{service.uri}", flush=True)
        service.serve()
    return 0


def list_names(args: argparse.Namespace) -> int:
    """Print one name and its URI per line, sorted; nothing if there is none."""
    with _names(args) as names:
        found = names.list(prefix=args.prefix, return_metadata=args.tags)
    for name, value in sorted(found.items()):
        uri, tags = value if args.tags else (value, ())
        _print_row([name, uri, *([",".join(sorted(tags))] if args.tags else [])])
    return 0


def look_up(args: argparse.Namespace) -> int:
    """Print the URI of a name."""
    with _names(args) as names:
        _print_row([str(names.lookup(args.name))])
    return 0


def register(args: argparse.Namespace) -> int:
    """Register a name."""
    with _names(args) as names:
        names.register(args.name, args.uri, args.safe, args.tag)
    return 0


def remove(args: argparse.Namespace) -> int:
    """Remove a name; or those with a prefix, and print how many."""
    with _names(args) as names:
        if args.prefix is not None:
            print(names.remove(prefix=args.prefix))
            return 0
        if not names.remove(args.name):
            if args.name == NAME_SERVER_ID:
                raise CommandError(f"{args.name} is the name server's own entry, it stays")
            names.lookup(args.name)  # it knows what is spelled nearly so
    return 0


def ping(args: argparse.Namespace) -> int:
    """Print the URI of the name server that answers."""
    with _names(args) as names:
        names.ping()
        _print_row([str(remote_of(names).uri)])
    return 0


def _service(args: argparse.Namespace) -> NameService:
    own = settings()
    tls = serving(args)
    host = own.name_host if args.host is None else args.host
    port = own.name_port if args.port is None else args.port
    taken = "is a name server running there? 'pyrophone names ping' tells"
    with listening(args.unix_socket or f"{host}:{port}", taken):
        return NameService(
            host,
            port,
            unix_socket=args.unix_socket,
            public=args.public,
            broadcast=not args.no_broadcast,
            storage=_storage(args.storage),
            sweep=args.sweep,
            tls=tls,
            settings=own,
            dialects=args.dialect,
            events=args.events,
        )


def _storage(path: str | None) -> Storage | None:
    try:
        return None if path is None else SqliteStorage(path)
    except ValueError as error:
        raise CommandError(f"--storage: {error}", 2) from None


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < threading.TIMEOUT_MAX:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 seconds")
    return seconds


def _names(args: argparse.Namespace) -> Proxy:
    own = settings(calling(args))
    return locate_names(args.host, args.port, settings=own, dialect=args.dialect)


def _print_row(columns: Iterable[str]) -> None:
    print("\t".join(map(printable, columns)))
