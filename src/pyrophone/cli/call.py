"""``pyrophone call``: call a method, read an attribute."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..errors import ConnectError, RemoteError
from ..objects.proxy import remote_of
from ..sync import Items, Proxy, connect
from ..uri import URI
from ..wire.metadata import Metadata
from .common import (
    CommandError,
    Commands,
    add_dialect,
    add_name_server,
    add_parser,
    describe,
    explain,
    read_value,
    remote_traceback,
    settings,
)
from .security import add_tls, calling

__all__ = ["add_command"]


def add_command(commands: Commands) -> None:
    """Add ``call``."""
    parser = add_parser(
        commands,
        "call",
        call,
        "Call a method of a remote object, or read an attribute; print the result.",
        epilog="Arguments are Python literals: 3, 2.5, None, '3', [1, 2]; KEY=LITERAL is a "
        "keyword argument, any other word is a text. Write -- before arguments that "
        "begin with a minus and are no plain numbers.",
    )
    parser.add_argument(
        "target",
        metavar="NAME.METHOD",
        help="what the last dot parts; instead of a name a URI, such as "
        "PYRO:OBJECT@HOST:PORT.METHOD",
    )
    parser.add_argument("arguments", metavar="ARG", nargs="*")
    add_name_server(parser)
    add_dialect(parser)
    add_tls(parser)
    parser.add_argument("--verbose", action="store_true", help="show remote tracebacks")


def call(args: argparse.Namespace) -> int:
    """Call a method; print its result, or the items of a stream one per line."""
    name, dot, member = args.target.rpartition(".")
    if not (dot and name and member.isidentifier()):
        raise CommandError(f"{args.target!r} is not of the form NAME.METHOD", 2)
    positional, keywords = _parse(args.arguments)
    own = settings(calling(args))
    if args.port is not None:
        own = dataclasses.replace(own, name_port=args.port)
    try:
        uri = _uri(name, args.host, own.name_port)
        proxy = connect(uri, settings=own, dialect=args.dialect)
    except ConnectError as error:
        raise CommandError(f"{name}: {explain(error)}") from error
    with proxy:
        for value in _results(proxy, name, member, positional, keywords):
            print(repr(value))
    return 0


def _parse(words: Sequence[str]) -> tuple[list[Any], dict[str, Any]]:
    """Return the positional and the keyword arguments that *words* spell."""
    positional, keywords = [], {}
    for number, word in enumerate(words, 1):
        key, equals, text = word.partition("=")
        if equals and key.isidentifier():
            keywords[key] = read_value(f"argument {number}", text)
        else:
            positional.append(read_value(f"argument {number}", word))
    return positional, keywords


def _uri(name: str, host: str | None, port: int) -> URI:
    """Return the URI that *name* spells, or that of the name in the name server."""
    if name[:4].upper() == "PYRO" and ":" in name:
        uri = URI.parse(name, name_port=port)
    else:
        uri = URI("PYRONAME", name)
    if host is None or uri.scheme == "PYRO" or uri.location is not None:
        return uri
    if host.startswith("./u:"):
        return dataclasses.replace(uri, socket_name=host.removeprefix("./u:"))
    return dataclasses.replace(uri, host=host, port=port)


def _results(
    proxy: Proxy, name: str, member: str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Iterator[Any]:
    """Yield what the call gives: one value, or items, or nothing if it is one-way.

    Raises:
        CommandError: There is no such member, or it raised.
    """
    known: Metadata = remote_of(proxy).metadata
    if member in known.attributes and (args or kwargs):
        raise CommandError(f"{member} of {name} is an attribute, it takes no arguments", 2)
    if member not in known.methods | known.attributes:
        names = ", ".join(sorted(known.methods | known.attributes))
        raise CommandError(f"{name} has no {member!r}; it has {names}")
    try:
        value = getattr(proxy, member)
        if member in known.methods:
            value = value(*args, **kwargs)
        if isinstance(value, Items):
            yield from value
        elif member not in known.oneway:
            yield value
    except Exception as error:
        details = remote_traceback(error)
        if details is None:
            raise
        text = str(error) if isinstance(error, RemoteError) else describe(error)
        raise CommandError(text, details=details) from error
