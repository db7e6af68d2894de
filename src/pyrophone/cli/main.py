"""The command ``pyrophone``: what its subcommands have in common."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from .. import __version__
from ..errors import PyrophoneError
from ..wire import framing
from . import call, events, gateway, names, serve
from .common import CommandError, explain, printable, remote_traceback

__all__ = ["build_name", "main"]

_INTERRUPTED = 130  # as shells have it: 128 and the number of the signal
_PIPE_CLOSED = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status.

    Args:
        argv: Its arguments; those of the process if None.

    Returns:
        0 if all went well, 1 if not; 130 after Ctrl-C, 141 if nobody reads on.

    Raises:
        SystemExit: After ``--help`` (0), or if the arguments are wrong (2).
    """
    args = _parser().parse_args(argv)
    try:
        status: int = args.run(args)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # for one, of "| head"
        return _write_no_more()
    except Exception as error:
        details = remote_traceback(error)
        if details is None and not isinstance(error, (CommandError, PyrophoneError)):
            raise  # a bug of ours
        return _fail(args, error, details or "")
    return status


def build_name() -> str:
    """Return which build of the library runs, ``compiled`` or ``pure Python``."""
    return "pure Python" if str(framing.__file__).endswith(".py") else "compiled"


def _fail(args: argparse.Namespace, error: Exception, details: str) -> int:
    status = 1
    if isinstance(error, CommandError):
        status, details = error.status, error.details
    if getattr(args, "verbose", False) and details:
        for line in details.splitlines():
            print(printable(line), file=sys.stderr)
    print(f"{args.prog}: {printable(explain(error))}", file=sys.stderr)
    return status


def _write_no_more() -> int:
    # Python flushes once more at the end; let that go nowhere.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return _PIPE_CLOSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pyrophone",
        description="Call Python objects wherever they live.",
        epilog="Settings are taken from variables PYROPHONE_<NAME>, such as "
        "PYROPHONE_NAME_HOST and PYROPHONE_TIMEOUT.",
    )
    version = f"pyrophone {__version__} ({build_name()})"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (names, serve, call, events, gateway):
        module.add_command(commands)
    return parser
