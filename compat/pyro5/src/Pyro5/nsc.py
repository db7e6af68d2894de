"""The command pyro5-nsc: ask a name server, and tell it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pyrophone.classic.console import Console, no_lines

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
    say = print if options.verbose else no_lines
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
        _COMMANDS[cmd](Console(namesrv, _show), args)
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


def _list_matching(console: Console, args: Sequence[str]) -> None:
    _need(args, 1, "one argument: pattern")
    console.list_matching(args[0])


def _lookup(console: Console, args: Sequence[str]) -> None:
    _need(args, 1, "one argument: name")
    console.lookup(args[0])


def _register(console: Console, args: Sequence[str]) -> None:
    _need(args, 2, "two arguments: name uri")
    console.register(args[0], args[1])


def _remove(console: Console, args: Sequence[str]) -> None:
    _need(args, 1, "one argument: name")
    console.remove(args[0])


def _remove_matching(console: Console, args: Sequence[str]) -> None:
    _need(args, 1, "one argument: pattern")
    console.remove_matching(args[0])


def _set_metadata(console: Console, args: Sequence[str]) -> None:
    _need(args, 1, "at least one argument: name")
    console.set_metadata(args[0], args[1:])


def _with_all(console: Console, args: Sequence[str]) -> None:
    _need(args, 1, "at least one argument: metadata tag")
    console.list_tagged(console.names.yplookup(meta_all=set(args)))


def _with_any(console: Console, args: Sequence[str]) -> None:
    _need(args, 1, "at least one argument: metadata tag")
    console.list_tagged(console.names.yplookup(meta_any=set(args)))


def _show(tags: Iterable[str]) -> str:
    return str(set(tags))


_COMMANDS: Mapping[str, Callable[[Console, Sequence[str]], None]] = MappingProxyType(
    {
        "ping": lambda console, args: console.ping(),
        "list": lambda console, args: console.list(*args[:1]),
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
