"""Controls a name server: the command ``pyro-nsc``, ``python -m Pyro.nsc``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .arguments import ArgParser
from .consoles import COMMANDS, Console, error_lines, where
from .errors import PyroError
from .logs import shown
from .naming import NameServerLocator
from .util import getPyroTraceback

__all__ = ["main"]

_USAGE = f"""Usage: pyro-nsc [-h host] [-p port] [-c bcaddr] [-i identification]
    command [args]
  -h  host of the name server; without, it is looked for
  -p  its port, or without a host that of broadcasts
  -c  address for broadcasts
  -i  pass phrase
Commands: {" ".join(COMMANDS)}
  list groups, or nothing for the default group; resolve, remove, showmeta names;
  register name URI; setmeta name text; creategroup, deletegroup groups"""
_RULE = "-" * 20


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command.

    Args:
        argv: Its arguments; those of the process if None.

    Returns:
        The status: 1 if something could not be done, 2 if the arguments are wrong.
    """
    args = ArgParser()
    args.parse(sys.argv[1:] if argv is None else argv, "h:p:c:i:")
    if args.ignored:
        print("Ignored options:", " ".join(args.ignored))
    port = args.getOpt("p", None)
    if not args.args or args.args[0] not in COMMANDS:
        print(_USAGE)
        return 2
    if port is not None and not (port.isdecimal() and int(port) < 65536):
        print(f"option -p wants a port number, not {port!r}")
        return 2
    try:
        return _run(args, None if port is None else int(port))
    except PyroError as error:
        print("\n".join(error_lines(error)))
    except ValueError as error:  # of the address for broadcasts
        print(f"There is a problem: {error}")
    except KeyboardInterrupt:
        print("interrupted")
    except Exception as error:  # shown whole, as the old tool does
        print(_RULE, "CAUGHT ERROR", _RULE)
        print("\n".join(map(shown, "".join(getPyroTraceback(error)).splitlines())))
        print(_RULE, "CAUGHT ERROR", _RULE)
    return 1


def _run(args: ArgParser, port: int | None) -> int:
    locator = NameServerLocator(args.getOpt("i", None))
    host = args.getOpt("h", None)
    names = locator.getNS(host, port, trace=1, bcaddr=args.getOpt("c", None))
    print(where(names.URI))
    console = Console(names, names._shutdown)
    try:
        console.run(args.args[0], args.args[1:])
    finally:
        names._release()
    return 1 if console.failed else 0


if __name__ == "__main__":
    sys.exit(main())
