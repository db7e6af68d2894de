"""Processes of a real Pyro, in its own environment, that tests drive step by step."""

from __future__ import annotations

import ast
import dataclasses
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from terminals import as_in_terminal

__all__ = [
    "Failure",
    "Peer",
    "PeerError",
    "Run",
    "Start",
    "clean_environment",
    "end",
    "module_starter",
    "peer_starter",
    "real_python",
]

Start: TypeAlias = Callable[..., "Peer"]
Run: TypeAlias = Callable[..., "subprocess.Popen[str]"]

ENVIRONMENTS = Path(__file__).parents[2] / ".peers"


@dataclasses.dataclass(frozen=True)
class Failure:
    """An exception as the real Pyro raised it."""

    name: str  # of its class, with the module
    args: Any
    text: str
    traceback: str  # the remote one, "" if there is none


class PeerError(AssertionError):
    """The real Pyro raised something where it should not have."""


class Peer:
    """A process of a real Pyro; ``real_pyro.py`` tells what it understands.

    Args:
        python: That of its environment.
        script: What it runs.
        environ: Added to the environment variables.
        fds: File descriptors that it inherits.
    """

    def __init__(
        self,
        python: Path,
        script: Path,
        environ: dict[str, str],
        fds: tuple[int, ...] = (),
    ) -> None:
        self._process = subprocess.Popen(
            [python, script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=clean_environment(environ),
            pass_fds=fds,
        )

    def value(self, expression: str) -> Any:
        """Return what *expression* is over there: a literal, or else its ``repr()``."""
        text = self._ask({"value": expression})
        try:
            return ast.literal_eval(text)
        except (SyntaxError, ValueError):
            return text

    def run(self, statements: str) -> None:
        """Run *statements* over there."""
        self._ask({"run": statements})

    def failure(self, expression: str) -> Failure:
        """Return what *expression* raises over there."""
        answer = self._exchange({"value": expression})
        assert "error" in answer, f"{expression} gave {answer['value']}"
        error = answer["error"]
        try:
            args = ast.literal_eval(error["args"])
        except (SyntaxError, ValueError):
            args = error["args"]
        return Failure(error["class"], args, error["text"], error["traceback"])

    def forget(self) -> None:
        """Drop everything that was made over there."""
        self._ask({"forget": True})

    def close(self) -> None:
        """End the process."""
        end(self._process)

    def _ask(self, order: dict[str, Any]) -> str:
        answer = self._exchange(order)
        if "error" in answer:
            error = answer["error"]
            raise PeerError(f"{error['class']}: {error['text']}\n{error['traceback']}")
        return str(answer["value"])

    def _exchange(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise PeerError(f"the peer ended with status {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def peer_starter(python: Path, script: Path) -> Iterator[Start]:
    """Give what starts processes of *script*; they run until the block is over.

    Equal ones are started only once, if they get no *fds*.
    """
    running: dict[tuple[Any, ...], Peer] = {}
    others: list[Peer] = []

    def start(*, fds: tuple[int, ...] = (), **environ: str) -> Peer:
        if fds:
            others.append(Peer(python, script, environ, fds))
            return others[-1]
        key = tuple(sorted(environ.items()))
        if key not in running:
            running[key] = Peer(python, script, environ)
        return running[key]

    try:
        yield start
    finally:
        for peer in (*running.values(), *others):
            peer.close()


@contextmanager
def module_starter(python: Path) -> Iterator[Run]:
    """Give what starts modules as programs; they run until the block is over."""
    running: list[subprocess.Popen[str]] = []

    def run(*arguments: str, **environ: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [python, "-m", *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env=as_in_terminal(clean_environment(environ)),
        )
        running.append(process)
        return process

    try:
        yield run
    finally:
        for process in running:
            end(process)


def clean_environment(more: dict[str, str]) -> dict[str, str]:
    """Return our environment without settings of either library, and *more*."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYRO")}
    return {**own, **more}


def end(process: subprocess.Popen[str]) -> None:
    """End a process that ends with its stdin, or has to be terminated."""
    if process.stdin is not None:
        process.stdin.close()
    else:
        process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def real_python(name: str) -> Path:
    """Return the Python of the environment *name*, ``pyro4`` or ``pyro5``."""
    python = ENVIRONMENTS / name / "bin" / "python"
    if not python.exists():
        reason = f"no real {name.capitalize()} at {python}: run 'make peers'"
        if os.environ.get("REQUIRE_PEERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return python
