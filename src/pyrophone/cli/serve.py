"""``pyrophone serve``: make a class callable."""

from __future__ import annotations

import argparse
import difflib
import importlib
import inspect
import os
import sys
import traceback
from typing import Any

from ..objects.exposure import Members
from ..sync import Daemon
from .common import (
    CommandError,
    Commands,
    add_dialects,
    add_listening,
    add_parser,
    describe,
    listening,
    settings,
    until_told_to_end,
)
from .security import add_tls, calling, serving

__all__ = ["add_command"]


def add_command(commands: Commands) -> None:
    """Add ``serve``."""
    parser = add_parser(
        commands,
        "serve",
        serve,
        "Serve a class, or an object, until Ctrl-C.",
        epilog="Prints its name and URI when it is ready. Without --name no name server "
        "is needed; with it, the one of PYROPHONE_NAME_HOST and PYROPHONE_NAME_PORT is "
        "used, or one that answers a broadcast.",
    )
    parser.add_argument(
        "target",
        metavar="MODULE:CLASS",
        help="what to serve, marked with @expose; the current folder is searched first",
    )
    parser.add_argument("--name", help="register it in the name server, until the end")
    parser.add_argument("--id", help="its id in the URI; by default it is made up")
    add_listening(parser)
    add_dialects(parser)
    add_tls(parser, serves=True)
    parser.add_argument("--verbose", action="store_true", help="show tracebacks")


def serve(args: argparse.Namespace) -> int:
    """Serve a class; print its name, or id, and URI when it is ready."""
    target = _load(args.target)
    with until_told_to_end(), _daemon(args) as daemon:
        try:
            uri = daemon.register(target, args.id, name=args.name)
        except (TypeError, ValueError) as error:
            raise CommandError(str(error), 2) from None
        print(f"{args.name or uri.object}\t{uri}", flush=True)
        daemon.serve()
    return 0


def _daemon(args: argparse.Namespace) -> Daemon:
    tls = serving(args)
    own = settings(calling(args))
    with listening(f"{args.host}:{args.port}"):
        return Daemon(args.host, args.port, tls=tls, settings=own, dialects=args.dialect)


def _load(text: str) -> Any:
    """Return the class or object that *text* names.

    Raises:
        CommandError: There is none, or nothing of it is exposed.
    """
    module_name, colon, name = text.partition(":")
    if not (colon and module_name and name):
        raise CommandError(f"{text!r} is not of the form MODULE:CLASS", 2)
    target = _import(module_name)
    for part in name.split("."):
        if not hasattr(target, part):
            close = difflib.get_close_matches(part, dir(target), 1)
            hint = f", did you mean {close[0]!r}?" if close else ""
            raise CommandError(f"{module_name} has no {name!r}{hint}")
        target = getattr(target, part)
    members = Members(target if inspect.isclass(target) else type(target))
    if not members.methods and not members.attributes:
        raise CommandError(f"{text} exposes nothing; mark it with @expose from pyrophone")
    return target


def _import(name: str) -> Any:
    folder = os.getcwd()
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise CommandError(
                f"there is no module {error.name!r}, neither in {folder} nor installed"
            ) from None
        raise _broken(name, error) from error
    except Exception as error:  # of the program's own module, anything
        raise _broken(name, error) from error


def _broken(name: str, error: Exception) -> CommandError:
    """Return the error for a module that can't be imported: where, and why."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{last.filename}:{last.lineno}"
    if isinstance(error, SyntaxError):
        where = f"{error.filename}:{error.lineno}"
    return CommandError(
        f"module {name!r} can't be imported: {describe(error)}, at {where}",
        details="".join(traceback.format_exception(error)),
    )
