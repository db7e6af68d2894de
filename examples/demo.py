"""The main job for real: an object in one process, found by name and called from others.

Four processes run: a name server, a server with a thermometer, a client in new style, and
a client as it was written for Pyro5. What each says is printed behind its role.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

FOLDER = Path(__file__).parent
LIMIT = 20.0  # seconds for all of it
GRACE = 3.0  # seconds a process has to end when it is told to
SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if hasattr(signal, name)  # Windows has no SIGHUP
]


class DemoError(Exception):
    """A part of the demo failed; the text says which, and how."""


class Part:
    """One process; its lines are printed as they come.

    Args:
        role: Stands before each line.
        command: Arguments for this Python.
        variables: To be added to the environment.
        deadline: When all must be over, by the monotonic clock.
    """

    def __init__(
        self, role: str, command: list[str], variables: Mapping[str, str], deadline: float
    ) -> None:
        self.role = role
        self._deadline = deadline
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [sys.executable, *command],
            cwd=FOLDER,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C reaches us alone; we end the parts in order
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def ready(self) -> str:
        """Return the URI that the part prints when it is ready."""
        while (line := self._next()) is not None:
            uri = line.partition("\t")[2]
            if uri.startswith("PYRO:"):
                return uri
        raise DemoError(f"the {self.role} ended with status {self._process.wait()}")

    def finish(self) -> None:
        """Wait until the part has done its work."""
        while self._next() is not None:
            pass
        status = self._process.wait(GRACE)
        if status != 0:
            raise DemoError(f"the {self.role} failed with status {status}")

    def end(self) -> None:
        """See to it that the process is gone, politely at first."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(GRACE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(GRACE)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                print(f"{self.role:>12} | {line}", end="", flush=True)
                self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def _next(self) -> str | None:
        try:
            return self._lines.get(timeout=max(0.0, self._deadline - time.monotonic()))
        except queue.Empty:
            raise DemoError(
                f"the {self.role} took more than its share of {LIMIT} s"
            ) from None


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let a signal wait until the block is over: a process could stay behind."""
    came: list[int] = []
    usual = {n: signal.signal(n, lambda number, _: came.append(number)) for n in SIGNALS}
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


@contextmanager
def parts() -> Iterator[list[Part]]:
    """Give a list for processes; at the end they are gone, the last one first."""
    started: list[Part] = []
    try:
        yield started
    finally:
        for number in SIGNALS:  # once is enough
            signal.signal(number, signal.SIG_IGN)
        for part in reversed(started):
            part.end()


def run() -> None:
    """Run the demo.

    Raises:
        DemoError: A part failed.
    """
    deadline = time.monotonic() + LIMIT
    with parts() as started:

        def start(role: str, *command: str, **variables: str) -> Part:
            with undisturbed():
                started.append(Part(role, list(command), variables, deadline))
            return started[-1]

        names = start("name server", "-m", "pyrophone", "names", "serve", "--host",
                      "localhost", "--port", "0")  # fmt: skip
        port = names.ready().rpartition(":")[2]
        ours = {"PYROPHONE_NAME_HOST": "localhost", "PYROPHONE_NAME_PORT": port}
        theirs = {"PYRO_NS_HOST": "localhost", "PYRO_NS_PORT": port}
        start("server", "-m", "pyrophone", "serve", "thermometer:Thermometer", "--name",
              "lab.thermometer", **ours).ready()  # fmt: skip
        start("client", "client.py", **ours).finish()
        start("Pyro5 client", "pyro5_client.py", **theirs).finish()


def main() -> int:
    """Run the demo; return its exit status."""
    for number in SIGNALS:
        signal.signal(number, _interrupt)
    try:
        run()
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
        return 130
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    print("demo: all went well")
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
