"""What several commands need."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import errno
import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ssl import SSLContext
from typing import Any

from ..errors import (
    ConnectError,
    PyrophoneError,
    RefusedError,
    UnknownNameError,
)
from ..settings import Settings
from ..wire.dialects import PYRO5

__all__ = [
    "CommandError",
    "Commands",
    "add_dialect",
    "add_dialects",
    "add_listening",
    "add_name_server",
    "add_other_places",
    "add_parser",
    "describe",
    "explain",
    "listening",
    "printable",
    "read_value",
    "remote_traceback",
    "settings",
    "until_told_to_end",
]

_OPENINGS = ("(", "[", "{", "'", '"')  # what begins so is meant as a literal

Commands = Any  # what add_subparsers gives; argparse has no public name for it


class CommandError(Exception):
    """What the user can mend; the text says how.

    Attributes:
        status: With which the command ends: 1, or 2 if it was called wrongly.
        details: What ``--verbose`` shows, a traceback.
    """

    def __init__(self, text: str, status: int = 1, *, details: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.details = details


def add_parser(
    commands: Commands,
    name: str,
    run: Callable[[argparse.Namespace], int],
    description: str,
    **options: Any,
) -> argparse.ArgumentParser:
    """Add the subcommand *name*, that *run* carries out; return its parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=description, description=description, **options
    )
    parser.set_defaults(run=run, prog=parser.prog)
    return parser


def add_name_server(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where the name server is."""
    parser.add_argument(
        "--host",
        help="where the name server is, a host or ./u:PATH; by default it is looked for",
    )
    parser.add_argument("--port", type=int, help="TCP port of the name server")


def add_listening(
    parser: argparse.ArgumentParser, port: int = 0, what: str = "default: a free one"
) -> None:
    """Add the options that say where to listen, by default at *port*."""
    parser.add_argument("--host", default="localhost", help="where to listen")
    parser.add_argument("--port", type=int, default=port, help=f"TCP port, {what}")


def add_other_places(parser: argparse.ArgumentParser) -> None:
    """Add the options for servers that are not to be found at a host and port."""
    parser.add_argument("--unix-socket", metavar="PATH", help="listen there instead")
    parser.add_argument("--public", metavar="HOST[:PORT]", help="what URIs say, behind NAT")


def add_dialects(parser: argparse.ArgumentParser) -> None:
    """Add the option that says what else to answer; without it the settings do."""
    parser.add_argument(
        "--dialect",
        action="append",
        metavar="NAME",
        help="answer clients that speak it, too: pyro4; repeatable",
    )


def add_dialect(parser: argparse.ArgumentParser) -> None:
    """Add the option that says what those speak who are asked and called."""
    parser.add_argument(
        "--dialect",
        metavar="NAME",
        default=PYRO5.name,
        help="what the name server and the daemons speak, if not Pyrophone's: pyro4",
    )


def settings(tls: SSLContext | None = None) -> Settings:
    """Return the settings that the environment gives.

    Args:
        tls: What to connect with; the environment can't give that.

    Raises:
        CommandError: A variable names no setting, or its value is unusable.
    """
    try:
        own = Settings.from_env(os.environ)
    except ValueError as error:
        raise CommandError(f"in the environment: {error}", 2) from None
    return own if tls is None else dataclasses.replace(own, tls=tls)


def read_value(what: str, text: str) -> Any:
    """Return the value of a Python literal; any other word is a text.

    Raises:
        CommandError: It begins like a literal, and is none; *what* names it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd spellings such as '\\d'
            return ast.literal_eval(text)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError) as error:
        if text.lstrip().startswith(_OPENINGS):
            problem = error.msg if isinstance(error, SyntaxError) else error
            raise CommandError(
                f"{what} is no Python literal: {text!r}: {problem}", 2
            ) from None
        return text


def printable(text: str) -> str:
    """Return *text* on one line, with what could harm a terminal written out."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def describe(error: BaseException) -> str:
    """Return class and text of *error*."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def explain(error: BaseException) -> str:
    """Return what went wrong, and what to do next."""
    if isinstance(error, UnknownNameError):
        return f"{error}; 'pyrophone names list' shows what is registered"
    if isinstance(error, ConnectError) and not isinstance(error, RefusedError):
        return f"{error}; is its server running?"
    if isinstance(error, (CommandError, PyrophoneError)):
        return str(error)
    return describe(error)


def remote_traceback(error: BaseException) -> str | None:
    """Return the traceback that came with *error* from afar, None if it did not."""
    for note in getattr(error, "__notes__", ()):
        if note.startswith("Remote traceback:"):
            return str(note)
    return None


@contextmanager
def listening(where: str, taken: str | None = None) -> Iterator[None]:
    """Let the block make a server that listens at *where*.

    Args:
        where: Host and port, or a path.
        taken: What to do if somebody else listens there; by default to go elsewhere.

    Raises:
        CommandError: It can't listen there.
    """
    try:
        yield
    except (OSError, OverflowError, UnicodeError) as error:
        text = getattr(error, "strerror", None) or str(error)
        if where not in text:
            text = f"{text}: {where}"
        advice = "choose another --host or --port"
        if taken and getattr(error, "errno", None) == errno.EADDRINUSE:
            advice = taken
        raise CommandError(f"cannot listen: {text}; {advice}") from None


@contextmanager
def until_told_to_end() -> Iterator[None]:
    """Let the block run until Ctrl-C or SIGTERM, which both end it without an error."""
    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler) if main else None
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        if main:
            signal.signal(signal.SIGTERM, before or signal.SIG_DFL)
