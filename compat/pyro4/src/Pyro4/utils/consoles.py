"""Flame's console: one part runs at the server, the other reads the lines."""

from __future__ import annotations

import code
import contextlib
import io
import sys
import threading
from collections.abc import Iterator
from typing import Any, Self

from .. import core, errors

__all__ = ["Capture", "InteractiveConsole", "RemoteInteractiveConsole", "banner_of"]


class Capture:
    """Stands in for ``sys.stdout`` while some thread's lines are to be kept.

    Redirections of several threads may begin and end in any order.
    """

    def __init__(self) -> None:
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._users = 0
        self._usual: Any = None

    @contextlib.contextmanager
    def printed(self) -> Iterator[io.StringIO]:
        """Keep what this thread prints within the block."""
        text = io.StringIO()
        with self._lock:
            if not self._users:
                self._usual, sys.stdout = sys.stdout, self
            self._users += 1
        self._mine.text = text
        try:
            yield text
        finally:
            del self._mine.text
            with self._lock:
                self._users -= 1
                if not self._users and sys.stdout is self:
                    sys.stdout = self._usual

    def __getattr__(self, name: str) -> Any:
        return getattr(getattr(self._mine, "text", self._usual), name)


_CAPTURE = Capture()  # one for the process, as there is one sys.stdout


class InteractiveConsole(code.InteractiveConsole):
    """The part of a console that runs at the server."""

    __module__ = "Pyro4.utils.flame"

    banner = ""
    _pyroDaemon: Any

    @core.expose
    def push_and_get_output(self, line: str) -> tuple[str, bool]:
        """Run a line; return what it printed, and whether it needs more lines."""
        with _CAPTURE.printed() as text:
            try:
                more = self.push(line)
            except SystemExit as error:  # of the line, not of the server
                self.resetbuffer()
                more = False
                self.write(f"SystemExit: {error}\n(press Ctrl-D to leave)\n")
        return text.getvalue(), more

    def write(self, data: str) -> None:
        """Take the text of an error."""
        sys.stdout.write(data)

    @core.expose
    def get_banner(self) -> str:
        """Return what is shown first."""
        return self.banner

    @core.expose
    def terminate(self) -> None:
        """End: clients can't use it any more."""
        self._pyroDaemon.unregister(self)
        self.resetbuffer()


class RemoteInteractiveConsole:
    """A console at another process. Leaving a ``with`` block ends it.

    Attributes:
        remoteconsole: The proxy for the part that runs there.
    """

    __module__ = "Pyro4.utils.flame"

    def __init__(self, remoteconsoleuri: core.URI | str) -> None:
        self.remoteconsole = core.Proxy(remoteconsoleuri)

    def interact(self) -> None:
        """Read lines, have them run there, and show what they print, until Ctrl-D."""
        console = self.LineSendingConsole(self.remoteconsole)
        console.interact(banner=self.remoteconsole.get_banner())
        print("(Remote session ended)")

    class LineSendingConsole(code.InteractiveConsole):
        """Reads lines, and sends them."""

        def __init__(self, remoteconsole: Any) -> None:
            super().__init__(filename="<remoteconsole>")
            self.remoteconsole = remoteconsole

        def push(self, line: str, *options: Any, **more_options: Any) -> bool:
            """Send a line; return whether it needs more lines."""
            output, more = self.remoteconsole.push_and_get_output(line)
            if output:
                sys.stdout.write(output)
            return bool(more)

    def terminate(self) -> None:
        """End the part that runs there, and disconnect."""
        try:
            self.remoteconsole.terminate()
        finally:
            self.remoteconsole._pyroRelease()

    def close(self) -> None:
        """End it, if it runs still."""
        with contextlib.suppress(errors.PyroError):  # it is gone, or its server is
            self.terminate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()

    def __repr__(self) -> str:
        where = self.remoteconsole._pyroUri.location
        cls = type(self)
        return f"<{cls.__module__}.{cls.__name__} at {id(self):#x}; for {where}>"


def banner_of(uri: core.URI) -> str:
    """Return what a console shows first."""
    return f"Python {sys.version} on {sys.platform}\n(Remote console on {uri.location})"
