"""The command pyro4-nsc: ask a name server, and tell it."""

from __future__ import annotations

import logging
import optparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pyrophone.classic.console import Console, no_lines
from pyrophone.net.addresses import is_loopback

from . import errors as errors
from . import lookups
from .configuration import config
from .errors import CommunicationError, PyroError
from .keys import command_key
from .proxies import Proxy
from .serializers import serializers

__all__ = ["handleCommand", "main"]

_LOG = logging.getLogger("Pyro4.nsc")
_SAFE = ("serpent", "json", "marshal", "msgpack")
_UNSAFE = ("pickle", "cloudpickle", "dill")
_USAGE = """%prog [options] command [arguments]
Commands: register remove removematching lookup list listmatching
          listmeta_all listmeta_any setmeta ping"""


def main(args: Sequence[str] | None = None) -> None:
    """Run the command. Its status is 0 although the name server says no.

    Args:
        args: Its arguments; those of the process if None.

    Raises:
        SystemExit: With status 1 if arguments are missing, 2 if they are wrong.
    """
    parser = _parser()
    options, arguments = parser.parse_args(None if args is None else list(args))
    if not arguments or arguments[0] not in _COMMANDS:
        parser.error("invalid or missing command")
    key = command_key(options.key)
    say = print if options.verbose else no_lines
    say("Locating name server...")
    host = f"./u:{options.unixsocket}" if options.unixsocket else options.host
    try:
        names = lookups.locate(_Patient, host, options.port, hmac_key=key)
        names._pyroBind()
    except (PyroError, OSError, ValueError) as error:  # of files, or a wrong item
        print(f"Error: {error}")
        return
    with names:
        say(f"Name server found: {names._pyroUri}")
        handleCommand(names, options, arguments)
    say("Done.")


def handleCommand(nameserver: Any, options: Any, args: Sequence[str]) -> None:
    """Carry out one command, and print what came of it, errors too.

    Args:
        nameserver: The name server, or a proxy for it.
        options: Not used.
        args: The command and its arguments.
    """
    try:
        command, *rest = args
        _COMMANDS[command](Console(nameserver, _show), rest)
    except Exception as error:  # told in one line, as the real tool does
        print(f"Error: {type(error).__name__} - {error}")


class _Patient(Proxy):
    """Tries the other serializers where a name server refuses the usual one.

    That of a tutorial accepts only pickle, and says so to nobody. But what unpickles is
    in the hands of whoever answers: only of this machine's own, unless the user accepts
    that serializer anyway.
    """

    def _pyroBind(self) -> bool:
        try:
            return super()._pyroBind()
        except CommunicationError as error:
            if not _is_refusal(error):
                raise
            return self._try_others(error)

    def _try_others(self, refusal: CommunicationError) -> bool:
        for name in (*_SAFE, *_UNSAFE):
            if name == config.SERIALIZER or name not in serializers:
                continue
            if name in _UNSAFE and not self._may(name):
                continue
            self._pyroSerializer = name
            try:
                bound = super()._pyroBind()
            except CommunicationError as error:
                if not _is_refusal(error):
                    raise
            else:
                _LOG.info("the name server refuses %s; using %s", config.SERIALIZER, name)
                return bound
        raise refusal

    def _may(self, name: str) -> bool:
        uri = self._pyroUri
        return (
            uri.sockname is not None
            or is_loopback(uri.host or "")
            or name in config.SERIALIZERS_ACCEPTED
        )


def _is_refusal(error: CommunicationError) -> bool:
    text = str(error)
    return "rejected" in text and "serializer" in text and "accepted" in text


def _parser() -> optparse.OptionParser:
    parser = optparse.OptionParser(usage=_USAGE)
    add = parser.add_option
    add("-n", "--host", help="where it is; left out, it is looked for")
    add("-p", "--port", type="int", help="its port; without a host, that of broadcasts")
    add("-u", "--unixsocket", help="its Unix socket, if it has one")
    add("-k", "--key", help="its HMAC key (deprecated: others can see it)")
    add("-v", "--verbose", action="store_true", help="tell what is done")
    return parser


def _need(right: bool, what: str) -> None:
    if not right:
        raise SystemExit(f"requires {what}")


def _ping(console: Console, args: Sequence[str]) -> None:
    console.ping()


def _list(console: Console, args: Sequence[str]) -> None:
    console.list(*args[:1])


def _list_matching(console: Console, args: Sequence[str]) -> None:
    _need(len(args) == 1, "one argument: pattern")
    console.list_matching(args[0])


def _lookup(console: Console, args: Sequence[str]) -> None:
    _need(len(args) == 1, "one argument: name")
    console.lookup(args[0])


def _register(console: Console, args: Sequence[str]) -> None:
    _need(len(args) == 2, "two arguments: name uri")
    console.register(args[0], args[1])


def _remove(console: Console, args: Sequence[str]) -> None:
    _need(len(args) == 1, "one argument: name")
    console.remove(args[0])


def _remove_matching(console: Console, args: Sequence[str]) -> None:
    _need(len(args) == 1, "one argument: pattern")
    console.remove_matching(args[0])


def _set_metadata(console: Console, args: Sequence[str]) -> None:
    _need(bool(args), "at least 2 arguments: uri and zero or more meta tags")
    console.set_metadata(args[0], args[1:])


def _with_all(console: Console, args: Sequence[str]) -> None:
    _need(bool(args), "at least one metadata tag argument")
    found = console.names.list(metadata_all=set(args), return_metadata=True)
    console.list_tagged(found)


def _with_any(console: Console, args: Sequence[str]) -> None:
    _need(bool(args), "at least one metadata tag argument")
    found = console.names.list(metadata_any=set(args), return_metadata=True)
    console.list_tagged(found)


def _show(tags: Iterable[str]) -> str:
    return str(sorted(tags))


_COMMANDS: Mapping[str, Callable[[Console, Sequence[str]], None]] = MappingProxyType(
    {
        "ping": _ping,
        "list": _list,
        "listmatching": _list_matching,
        "listmeta_all": _with_all,
        "listmeta_any": _with_any,
        "lookup": _lookup,
        "register": _register,
        "remove": _remove,
        "removematching": _remove_matching,
        "setmeta": _set_metadata,
    }
)

if __name__ == "__main__":
    main()
