"""Programs with asyncio end clean, however they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import application
from kinds import Kind
from loops import UVLOOP
from running import LIMIT
from wards import Ward

PROGRAM = Path(application.__file__)
LOOPS = [
    "asyncio",
    pytest.param(
        "uvloop", marks=pytest.mark.skipif(not UVLOOP, reason="uvloop is not installed")
    ),
]

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("name", ["client", "server", "ending"])
def test_nothing_is_left_and_nothing_is_said(
    kind: Kind, name: str, loop: str, tmp_path: Path
) -> None:
    if name == "server" and kind.name != "aio":
        pytest.skip("it brings its own daemon")
    ward = Ward()
    errors = tmp_path / "errors"
    with kind.serving() as daemon, errors.open("w") as stderr:
        uri = daemon.register(ward)
        process = subprocess.Popen(
            [sys.executable, "-X", "dev", "-W", "error", PROGRAM, name, str(uri), loop],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        with process:
            try:
                assert process.stdout is not None
                first = process.stdout.readline()
                if name != "ending" and first:
                    process.send_signal(signal.SIGINT)
                out = process.stdout.read()
                process.wait(LIMIT)
            finally:
                process.kill()
        ward.go.open()
    assert errors.read_text() == ""
    assert first == "ready\n"
    assert out == "MainThread\n"
    assert process.returncode == 0
