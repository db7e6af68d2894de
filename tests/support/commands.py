"""Commands of the package Pyro4, ours and the real ones, as processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from terminals import as_in_terminal

LIMIT = 20.0  # seconds; more than anything here takes, however busy the machine
OURS = sys.executable


class Commands:
    """Starts programs of both implementations, which end with the test.

    Attributes:
        port: TCP port at which all that follows will look for the name server.
    """

    def __init__(self) -> None:
        self.port = 1
        self._running: list[tuple[subprocess.Popen[str], int]] = []

    def how(self, command: list[str | Path], environment: dict[str, str]) -> dict[str, Any]:
        """Return how to start a *command*; variables are named without ``PYRO_``."""
        own = {k: v for k, v in os.environ.items() if not k.startswith("PYRO")}
        own |= {"PYRO_NS_PORT": str(self.port), "PYRO_NS_BCPORT": "1"}
        own |= {f"PYRO_{name}": value for name, value in environment.items()}
        quiet = "ignore::DeprecationWarning"  # the real gateway imports cgi
        return {
            "args": command,
            "env": {**as_in_terminal(own), "PYTHONWARNINGS": quiet},
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
        }

    def start(
        self, python: str | Path, module: str, *options: str, **environment: str
    ) -> subprocess.Popen[str]:
        """Start a command that goes on."""
        return self._start([python, "-m", f"Pyro4.{module}", *options], environment)

    def start_script(
        self, python: str | Path, script: str, **environment: str
    ) -> subprocess.Popen[str]:
        """Start a program that goes on, by its text."""
        return self._start([python, "-c", script], environment)

    def _start(
        self, command: list[str | Path], environment: dict[str, str]
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(**self.how(command, environment))
        # The real ones don't always take notice of an interrupt.
        end = signal.SIGINT if command[0] == OURS else signal.SIGKILL
        self._running.append((process, end))
        return process

    def run(
        self, *command: str | Path, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        how = self.how(list(command), environment)
        return subprocess.run(**how, timeout=LIMIT, check=False)

    def names(self, python: str | Path, **environment: str) -> None:
        """Start a name server, which all that follows will find."""
        process = self.start(python, "naming", "-p", "0", **environment)
        self.port = int(lines(process, "URI = ")[-1].rpartition(":")[2])

    def end(self) -> None:
        """End what runs."""
        for process, how in reversed(self._running):
            process.send_signal(how)
            process.communicate(timeout=LIMIT)


@contextmanager
def commands() -> Iterator[Commands]:
    """Give what starts programs; end them afterwards."""
    started = Commands()
    try:
        yield started
    finally:
        started.end()


def lines(process: subprocess.Popen[str], last: str) -> list[str]:
    """Return what *process* prints up to the line that begins with *last*."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line.rstrip("\n"))
        if line.startswith(last):
            return seen
    _, problem = process.communicate(timeout=LIMIT)
    raise AssertionError(f"no line {last!r} in {seen}; {problem}")


def interrupted(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Press Ctrl-C; return the status, and what else it printed."""
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=LIMIT)
    return process.returncode, out, err
