"""The other end of a conversation, as a process that can be stopped and killed.

``other_end.py serve KIND BEAT`` prints the URI of a Ward and serves until its input ends.
``other_end.py call FRONT BEAT WARD GUEST STEP...`` does the steps, prints "ready", waits.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fronts import Front, front_end
from gates import Gate
from kinds import Kind
from pyrophone import Settings
from running import LIMIT
from wards import Ward

__all__ = ["calling", "serving"]

HERE = Path(__file__)


@contextmanager
def serving(kind: str, beat: float | None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a daemon in a process; give that, and the URI of its Ward."""
    with _process("serve", kind, str(beat)) as (process, uri):
        yield process, uri


@contextmanager
def calling(
    front: str, beat: float | None, ward: Any, guest: Any, *steps: str
) -> Iterator[subprocess.Popen[str]]:
    """Run a client in a process, until it has done *steps*; give the process."""
    with _process("call", front, str(beat), str(ward), str(guest), *steps) as (
        process,
        said,
    ):
        assert said == "ready"
        yield process


@contextmanager
def _process(*args: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, str(HERE), *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()  # whatever state it is in


def _serve(kind: str, beat: str) -> None:
    settings = Settings(beat=_beat(beat))
    ward = Ward()
    with Kind(kind).serving(settings=settings) as daemon:
        _say(daemon.register(ward))
        sys.stdin.read()
        ward.go.open()


def _call(name: str, beat: str, ward_uri: str, guest_uri: str, *steps: str) -> None:
    settings = Settings(beat=_beat(beat))
    with front_end(name) as front:
        ward = front.connect(ward_uri, settings=settings)
        guest = front.connect(guest_uri, settings=settings)
        kept = [_step(front, ward, guest, step) for step in steps]
        _say("ready")
        sys.stdin.read()
        del kept


def _step(front: Front, ward: Any, guest: Any, step: str) -> Any:
    if step == "track":
        return ward.track()
    if step == "function":
        return ward.keep(_hello)
    if step == "guest":
        return guest.count()
    if step.startswith("count"):
        items = getattr(ward, step)()
        next(items)
        return items
    if step == "callback":  # the call runs, and so does the function that it has called
        inside = Gate()

        def wait() -> None:
            inside.open()
            Gate().wait(10 * LIMIT)

        call = front.start(ward.apply, wait)
        assert inside.wait()
        return call
    call = front.start(getattr(ward, step))
    ward.quick()
    return call


def _hello(*args: Any) -> str:
    return "hello"


def _beat(text: str) -> float | None:
    return None if text == "None" else float(text)


def _say(what: Any) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    COMMANDS: dict[str, Callable[..., None]] = {"serve": _serve, "call": _call}
    COMMANDS[sys.argv[1]](*sys.argv[2:])
