"""What people ask of a name server, and the lines that answer: for both control tools."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from .errors import ConnectionDeniedError, NamingError, PyroError
from .logs import shown
from .trees import GROUP

__all__ = ["COMMANDS", "Console", "error_lines", "where"]

Say = Callable[[str], None]


class Console:
    """Carries out commands.

    Args:
        names: A proxy of the name server.
        end: Asks the name server to end, and returns its answer.
        say: What takes each line of the answer.

    Attributes:
        failed: Whether something could not be done.
    """

    def __init__(self, names: Any, end: Callable[[], str], say: Say = print) -> None:
        self.names = names
        self.failed = False
        self._end = end
        self._out = say

    def run(self, command: str, args: Sequence[str]) -> None:
        """Carry out one of :data:`COMMANDS`.

        Raises:
            PyroError: The name server is gone. That it says no is printed.
        """
        COMMANDS[command](self, args)

    def ping(self, args: Sequence[str]) -> None:
        """Tell whether it works."""
        self.names.ping()
        self._say("NS is up and running!")

    def list(self, args: Sequence[str]) -> None:
        """List what is in groups; in the default group without arguments."""
        for group in args or [""]:
            self._try("can't list", self._list, group)

    def listall(self, args: Sequence[str]) -> None:
        """List all names with their URIs."""
        found = sorted((name, str(uri)) for name, uri in self.names.flatlist())
        self._say("-------------- START DATABASE")
        for name, uri in found:
            self._say(f"{name}  -->  {uri}")
        self._say("-------------- END")

    def resolve(self, args: Sequence[str]) -> None:
        """Show the URIs of names."""
        self._need(args, "resolve")
        for name in args:
            self._try("can't resolve", self._resolve, name)

    def register(self, args: Sequence[str]) -> None:
        """Let a name stand for a URI."""
        if len(args) != 2:
            self._refuse("Register needs 2 args: name URI")
            return
        name, uri = args
        done = f"registered {name}  -->  {uri}"
        self._try("Error from NS", lambda name: self.names.register(name, uri), name, done)

    def remove(self, args: Sequence[str]) -> None:
        """Forget names."""
        self._need(args, "remove")
        for name in args:
            done = f"{name} unregistered."
            self._try("Can't unregister", self.names.unregister, name, done)

    def creategroup(self, args: Sequence[str]) -> None:
        """Make groups."""
        self._need(args, "create")
        for name in args:
            what = f"Can't create group '{name}'"
            self._try(what, self.names.createGroup, name, f"{name} created.")

    def deletegroup(self, args: Sequence[str]) -> None:
        """Remove groups, with all that is in them."""
        self._need(args, "delete")
        for name in args:
            what = f"Can't delete group '{name}'"
            self._try(what, self.names.deleteGroup, name, f"{name} deleted.")

    def showmeta(self, args: Sequence[str]) -> None:
        """Show what is known of names."""
        self._need(args, "show")
        for name in args:
            self._try("Can't get metadata", self._showmeta, name)

    def setmeta(self, args: Sequence[str]) -> None:
        """Keep a text with a name."""
        if len(args) != 2:
            self._refuse("Setmeta needs 2 args: name metadata")
            return
        name, meta = args
        done = f"Metadata of {name} set."
        self._try("Error from NS", lambda name: self.names.setMeta(name, meta), name, done)

    def resync(self, args: Sequence[str]) -> None:
        """Do nothing: a name server has no twin."""
        self.names.resync()
        self._say("resync done")

    def shutdown(self, args: Sequence[str]) -> None:
        """Ask it to end."""
        answer = self._end()
        self.failed |= "denied" in answer
        self._say(f"Result from system command shutdown : {answer}")

    def _say(self, line: str) -> None:
        self._out(shown(line))

    def _list(self, group: str) -> None:
        found = sorted(self.names.list(group))
        names = [f"[{name}]" if kind == GROUP else name for name, kind in found]
        self._say(" ".join([self.names.fullName(group), "-->", "(", *names, ")"]))

    def _resolve(self, name: str) -> None:
        self._say(f"{name}  --> {self.names.resolve(name)}")

    def _showmeta(self, name: str) -> None:
        system, user = self.names._getSystemMeta(name), self.names.getMeta(name)
        self._say(f"META INFO OF {self.names.fullName(name)}")
        self._say(f"system meta info : {system}")
        self._say(f"  user meta info : {user}")

    def _try(
        self, what: str, do: Callable[[str], Any], name: str, done: str | None = None
    ) -> None:
        try:
            do(name)
        except NamingError as error:
            self._refuse(f"## {what}:  {_text(error)}  ##")
        else:
            if done is not None:
                self._say(done)

    def _need(self, args: Sequence[str], verb: str) -> None:
        if not args:
            self._refuse(f"No arguments, nothing to {verb}")

    def _refuse(self, text: str) -> None:
        self.failed = True
        self._say(text)


def where(uri: Any) -> str:
    """Return a line that tells where a name server is."""
    try:
        name = socket.gethostbyaddr(uri.address)[0]
    except OSError:
        name = "??"
    return shown(f"NS is at {uri.address} ({name}) port {uri.port}")


def error_lines(error: PyroError) -> list[str]:
    """Return what to tell a person of an error that is no answer of the name server."""
    if isinstance(error, ConnectionDeniedError):
        lines = [f"Could not connect to the server: {_text(error)}"]
        if _text(error) == "security reasons":
            lines.append("Supply correct authentication ID?")
        return lines
    return [f"There is a problem: {_text(error)}"]


def _text(error: PyroError) -> str:
    return shown(error.args[0]) if error.args else type(error).__name__


COMMANDS: Mapping[str, Callable[[Console, Sequence[str]], None]] = MappingProxyType(
    {
        "ping": Console.ping,
        "list": Console.list,
        "listall": Console.listall,
        "resolve": Console.resolve,
        "register": Console.register,
        "remove": Console.remove,
        "creategroup": Console.creategroup,
        "deletegroup": Console.deletegroup,
        "showmeta": Console.showmeta,
        "setmeta": Console.setmeta,
        "resync": Console.resync,
        "shutdown": Console.shutdown,
    }
)
