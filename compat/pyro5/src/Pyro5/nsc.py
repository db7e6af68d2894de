"""The command pyro5-nsc: ask a name server, and tell it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from .core import locate_ns
from .errors import NamingError

__all__ = ["handle_command", "main"]


def main(args: Sequence[str] | None = None) -> None:
    """Run the command.

    Args:
        args: Its arguments; those of the process if None.

    Raises:
        SystemExit: With status 1 if it failed, 2 if the arguments are wrong.
    """
    options = _parser().parse_args(args)
    say = print if options.verbose else _say_nothing
    say("Locating name server...")
    host = f"./u:{options.unixsocket}" if options.unixsocket else options.host or ""
    try:
        names = locate_ns(host, options.port)
    except (NamingError, OSError, ValueError) as error:  # of files, or a wrong item
        print(f"Error: {str(error).partition(';')[0]}")
        raise SystemExit(1) from None
    with names:
        say(f"Name server found: {names._pyroUri}")
        try:
            handle_command(names, options.command, options.arguments)
        except Exception:  # its text is printed
            raise SystemExit(1) from None
    say("Done.")


def handle_command(namesrv: Any, cmd: str, args: Sequence[str]) -> None:
    """Carry out one command, and print what came of it.

    Args:
        namesrv: The name server, or a proxy for it.
        cmd: Which command.
        args: Its arguments.
    """
    try:
        _COMMANDS[cmd](namesrv, args)
    except Exception as error:
        print(f"Error: {type(error).__name__} - {error}")
        raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pyro5-nsc", description="Ask a name server, and tell it."
    )
    parser.add_argument("-n", "--host", help="where it is; left out, it is looked for")
    parser.add_argument("-p", "--port", type=int, help="its port")
    parser.add_argument("-u", "--unixsocket", help="its Unix socket, if it has one")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell what is done")
    parser.add_argument("command", choices=list(_COMMANDS), help=", ".join(_COMMANDS))
    parser.add_argument("arguments", nargs="*", help="what the command needs")
    return parser


def _need(args: Sequence[str], count: int, what: str) -> None:
    if len(args) < count:
        raise SystemExit(f"requires {what}")


def _ping(names: Any, args: Sequence[str]) -> None:
    names.ping()
    print("Name server ping ok.")


def _list(names: Any, args: Sequence[str]) -> None:
    prefix = args[0] if args else None
    found = names.list(prefix=prefix, return_metadata=True)
    _print_list(found, f"- prefix '{prefix}'" if prefix else "")


def _list_matching(names: Any, args: Sequence[str]) -> None:
    _need(args, 1, "one argument: pattern")
    found = names.list(regex=args[0], return_metadata=True)
    _print_list(found, f"- regex '{args[0]}'")


def _lookup(names: Any, args: Sequence[str]) -> None:
    _need(args, 1, "one argument: name")
    uri, metadata = names.lookup(args[0], return_metadata=True)
    print(uri)
    if metadata:
        print(f"metadata: {set(metadata)}")


def _register(names: Any, args: Sequence[str]) -> None:
    _need(args, 2, "two arguments: name uri")
    names.register(args[0], args[1], safe=True)
    print(f"Registered {args[0]}")


def _remove(names: Any, args: Sequence[str]) -> None:
    _need(args, 1, "one argument: name")
    print(f"Removed {args[0]}" if names.remove(args[0]) else "Nothing removed")


def _remove_matching(names: Any, args: Sequence[str]) -> None:
    _need(args, 1, "one argument: pattern")
    sure = input(
        "Potentially removing lots of items from the Name server. Are you sure (y/n)?"
    )
    if sure.strip() in ("y", "Y"):
        print(f"{names.remove(regex=args[0])} items removed.")


def _set_metadata(names: Any, args: Sequence[str]) -> None:
    _need(args, 1, "at least one argument: name")
    tags = set(args[1:])
    names.set_metadata(args[0], tags)
    print("Metadata updated" if tags else "Metadata cleared")


def _with_all(names: Any, args: Sequence[str]) -> None:
    _need(args, 1, "at least one argument: metadata tag")
    _print_list(names.yplookup(meta_all=set(args)), " - searched by metadata")


def _with_any(names: Any, args: Sequence[str]) -> None:
    _need(args, 1, "at least one argument: metadata tag")
    _print_list(names.yplookup(meta_any=set(args)), " - searched by metadata")


def _print_list(found: Mapping[str, Any], title: str) -> None:
    print(f"--------START LIST {title}")
    for name, (uri, metadata) in sorted(found.items()):
        print(f"{name} --> {uri}")
        if metadata:
            print(f"    metadata: {set(metadata)}")
    print(f"--------END LIST {title}")


def _say_nothing(*values: object) -> None:
    """Print nothing."""


_COMMANDS: Mapping[str, Callable[[Any, Sequence[str]], None]] = MappingProxyType(
    {
        "ping": _ping,
        "list": _list,
        "listmatching": _list_matching,
        "lookup": _lookup,
        "register": _register,
        "remove": _remove,
        "removematching": _remove_matching,
        "setmeta": _set_metadata,
        "yplookup_all": _with_all,
        "yplookup_any": _with_any,
    }
)

if __name__ == "__main__":
    main(sys.argv[1:])
