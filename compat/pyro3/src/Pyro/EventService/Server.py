"""The event server: ``python -m Pyro.EventService.Server`` starts one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from .. import constants
from ..arguments import ArgParser
from ..errors import NamingError, PyroError
from .Event import Event
from .services import EventService, EventServiceStarter

__all__ = ["Event", "EventService", "EventServiceStarter", "main", "start"]

_USAGE = """Usage: pyro-es [-h] [-n hostname] [-p port] [-N] [-i identification]
  -h  this text
  -n  where to listen; by default PYRO_HOST, or else only for this machine
  -p  TCP port, 0 for any free one
  -N  do without a name server
  -i  pass phrase that clients must know; it is shown to the name server, too"""
_TAKEN = f"""The name {constants.EVENTSERVER_NAME} is taken:
there is an Event Server already, or one that could not end in good order."""


def start(argv: Sequence[str]) -> int:
    """Run an event server until it is interrupted.

    Args:
        argv: Its arguments.

    Returns:
        The status: 1 if it could not start, 2 if the arguments are wrong.
    """
    args = ArgParser()
    args.parse(argv, "hn:p:Ni:")
    args.printIgnored()
    if args.hasOpt("h"):
        print(_USAGE)
        return 0
    port = args.getOpt("p", None)
    if port is not None and not (port.isdecimal() and int(port) < 65536):
        print(f"option -p wants a port number, not {port!r}")
        return 2
    print("*** Pyro Event Server ***")
    host, number = args.getOpt("n", ""), None if port is None else int(port)
    try:
        _run(args.getOpt("i", None), host, number, not args.hasOpt("N"))
    except (PyroError, OSError) as error:
        print(f"pyro-es: {_text(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted")
        return 1
    return 0


def main() -> int:
    """Run the command ``pyro-es``."""
    return start(sys.argv[1:])


def _run(identification: Any, host: str, port: int | None, names: bool) -> None:
    starter = EventServiceStarter(identification)
    # A port that the user chose is that one; 0 is any that is free.
    norange = port is not None
    try:
        starter.initialize(host, port, names, norange)
    except NamingError as error:
        if error.args != ("name already exists", constants.EVENTSERVER_NAME):
            raise
        print(_TAKEN, flush=True)
        if not sys.stdin.isatty():
            raise
        if input("Start anyway, and take the name over (y/n)? ").strip().lower() != "y":
            raise
        starter.initialize(host, port, names, norange, replace=True)
    starter.serve()


def _text(error: Exception) -> str:
    return ": ".join(map(str, error.args))


if __name__ == "__main__":
    sys.exit(main())
