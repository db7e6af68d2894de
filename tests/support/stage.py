"""Runs the programs of an example in processes, and compares what they printed.

An example is a folder with programs and an ``expected.txt``, or a file for each way to play
it; ``transcripts`` tells what is in there. The variable UPDATE_EXAMPLES=Pyro5, or =Pyro4,
makes a run write the file.
"""

from __future__ import annotations

import difflib
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from program import Program
from terminals import as_in_terminal
from transcripts import expected_from, steady

__all__ = ["Cast", "Play", "Program", "Scene", "Side", "play", "running"]


class Side:
    """One implementation: the Python that has it, and a name server.

    Args:
        name: As in the marks of ``expected.txt``.
        python: The interpreter.
        names: The module that is the name server.
        variables: What its programs find in their environment, if the scene says nothing.
    """

    def __init__(
        self,
        name: str,
        python: str | Path,
        names: str,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self._python = python
        self._names_module = names
        self._variables = dict(variables or {})
        # Bound and not listening: nobody else gets the number, and nobody answers there.
        self._nobody = socket.socket()
        self._nobody.bind(("127.0.0.1", 0))
        self._names: Program | None = None
        self._names_port = 0

    def environment(self, with_names: bool) -> dict[str, str]:
        """Return the variables of a program that finds a name server, or none."""
        nobody = self._nobody.getsockname()[1]
        # Nor are the programs measured: some change the user, who can't write the figures.
        not_theirs = ("PYRO", "COVERAGE", "PYTHONWARNINGS")
        own = {k: v for k, v in os.environ.items() if not k.startswith(not_theirs)}
        return as_in_terminal(own) | {
            "PYRO_NS_PORT": str(self.name_server() if with_names else nobody),
            "PYRO_NS_BCPORT": str(nobody),
            "PYRO_BROADCAST_ADDRS": "127.0.0.1",
            "PYTHONDONTWRITEBYTECODE": "",  # else each would compile the library anew
        }

    def start(
        self,
        name: str,
        arguments: Iterable[object],
        env: Mapping[str, str],
        cwd: Path | None = None,
        any_order: bool = False,
    ) -> Program:
        """Start Python with *arguments*."""
        process = subprocess.Popen(
            [str(self._python), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            env=self._variables | dict(env),
            cwd=cwd,
        )
        return Program(name, process, any_order)

    def name_server(self) -> int:
        """Return the port of a name server, the same one for all examples."""
        if self._names is None:
            env = self.environment(False)
            self._names = self.start("names", ["-m", self._names_module, "-p", "0"], env)
            self._names_port = int(self._names.until(r"URI = \S+:(\d+)$")[1])
        return self._names_port

    def close(self) -> None:
        """End the name server."""
        self._nobody.close()
        if self._names is not None:
            self._names.close()


class Cast:
    """Who plays: the first program of a scene and the name server, and all others."""

    def __init__(self, first: Side, others: Side) -> None:
        self.first = first
        self.others = others

    def side_of(self, number: int) -> Side:
        """Return what the program of that number is played by; 0 is the first."""
        return self.others if number else self.first


class Scene:
    """A run of one example."""

    def __init__(
        self,
        cast: Cast,
        folder: Path,
        with_names: bool,
        variables: Mapping[str, Mapping[str, str]],
    ) -> None:
        self.cast = cast
        self.folder = folder  # a copy; the programs may write there
        self.programs: list[Program] = []
        self._with_names = with_names
        self._variables = variables

    def start(
        self, *arguments: object, name: str = "", any_order: bool = False, **env: str
    ) -> Program:
        """Start Python with *arguments*, by habit the name of a program and its arguments.

        Args:
            name: Its title in ``expected.txt``; the arguments if it is not given.
            any_order: Its lines come in no certain order and are compared sorted.
            env: Further variables of its environment.
        """
        side = self.cast.side_of(len(self.programs))
        variables = self.cast.first.environment(self._with_names) | env
        variables |= self._variables.get(side.name, {})
        title = name or " ".join(map(str, arguments))
        program = side.start(title, arguments, variables, self.folder, any_order)
        self.programs.append(program)
        return program

    def run(self, *arguments: object, name: str = "", status: int = 0) -> Program:
        """Start a program that asks nothing, and wait for its end."""
        program = self.start(*arguments, name=name)
        program.finish(status)
        return program

    def serve(self, *arguments: object, **options: Any) -> Program:
        """Start a server of Pyro4's kind, and wait until it runs."""
        server = self.start(*arguments, **options)
        server.until("daemon running")
        return server

    def free_port(self) -> int:
        """Return the number of a port that nobody uses."""
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            return int(sock.getsockname()[1])

    def stop(self) -> None:
        """Press Ctrl-C in all that still run, the last started first."""
        for program in reversed(self.programs):
            if program.process.poll() is None:
                program.interrupt()
            elif not program.finished:
                program.finish()

    def transcript(self, replace: Mapping[str, str]) -> str:
        """Return what all printed, without what differs from run to run."""
        parts = []
        for program in self.programs:
            lines = steady(program.text, self.folder, replace)
            if program.any_order:
                lines.sort()
            parts += [f"--- {program.name}", *lines]
        return "".join(f"{line}\n" for line in parts)


Play: TypeAlias = Callable[..., AbstractContextManager[Scene]]  # the fixture "scene"


@contextmanager
def running(
    cast: Cast,
    folder: Path,
    with_names: bool = False,
    variables: Mapping[str, Mapping[str, str]] | None = None,
) -> Iterator[Scene]:
    """Give a scene whose programs are in *folder*; at its end, stop them all."""
    scene = Scene(cast, folder, with_names, variables or {})
    try:
        yield scene
        scene.stop()
    except BaseException as error:
        for program in scene.programs:
            program.close()
            error.add_note(f"--- {program.name}, in full\n{program.text}")
        raise
    finally:
        for program in scene.programs:
            program.close()


@contextmanager
def play(
    cast: Cast,
    example: Path,
    folder: Path,
    with_names: bool = False,
    replace: Mapping[str, str] | None = None,
    expected: str = "expected.txt",
    variables: Mapping[str, Mapping[str, str]] | None = None,
) -> Iterator[Scene]:
    """Give a scene of *example*; at its end stop all, and compare what they printed.

    Args:
        cast: The implementations.
        example: The folder of the example.
        folder: A new one for its copy.
        with_names: Whether there is a name server.
        replace: Regular expressions for what else differs from run to run, and what stands
            in its place.
        expected: The file of the example with what is expected.
        variables: What only the programs of an implementation find in their environment.
    """
    shutil.copytree(example, folder)
    with running(cast, folder, with_names, variables) as scene:
        yield scene
        scene.stop()
        shown = scene.transcript(replace or {})
        sides = [cast.side_of(number).name for number in range(len(scene.programs))]
        if set(sides) == {os.environ.get("UPDATE_EXAMPLES")}:
            (example / expected).write_text(shown, encoding="utf-8")
        wanted = expected_from(sides, (example / expected).read_text("utf-8"))
        difference = "".join(
            difflib.unified_diff(
                wanted.splitlines(keepends=True),
                shown.splitlines(keepends=True),
                expected,
                "shown",
            )
        )
        assert not difference, f"\n{difference}"
