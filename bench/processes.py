"""Processes of the sides: started, asked, and ended in any case."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["ask", "forget_peak", "memory", "running"]

HERE = Path(__file__).parent
PAUSE_TO_END = 5.0  # seconds a process gets before it is killed


@contextmanager
def running(
    python: Path, script: str, *command: str, variables: Mapping[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """Run a script of this folder until the block ends; its end is never left to chance."""
    process = subprocess.Popen(
        [str(python), "-u", str(HERE / f"{script}.py"), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is ours alone
        env={**os.environ, **variables},
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.close()
            process.wait(PAUSE_TO_END)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()
        process.stdout.close()


def ask(process: subprocess.Popen[str], order: str = "") -> str:
    """Send an order, if any, and return the line that comes back."""
    assert process.stdin is not None
    assert process.stdout is not None
    if order:
        print(order, file=process.stdin, flush=True)
    line = process.stdout.readline()
    if not line:
        sys.exit(f"bench: this ended too early: {process.args!r}")
    return line.strip()


def memory(process: subprocess.Popen[str], *, peak: bool = False) -> int | None:
    """Return the bytes of memory *process* has, or has had at most; None if unknown.

    Only Linux tells.
    """
    wanted = "VmHWM:" if peak else "VmRSS:"
    with suppress(OSError):
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith(wanted):
                return int(line.split()[1]) * 1024
    return None


def forget_peak(process: subprocess.Popen[str]) -> None:
    """Let the peak of *process* be what it has now."""
    with suppress(OSError):
        Path(f"/proc/{process.pid}/clear_refs").write_text("5")
