"""Whole programs in the old style print what was worked out from the specification.

Each one and its text in ``programs`` were written before it was run here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.stem for path in PROGRAMS.glob("*.txt")))
def test_program_prints_what_it_should(name: str) -> None:
    env = {
        key: value for key, value in os.environ.items() if key[:5] not in ("PYRO_", "LAB_F")
    }
    done = subprocess.run(
        [sys.executable, PROGRAMS / f"{name}.py"],
        env=env,
        capture_output=True,
        text=True,
        timeout=55,
    )
    assert done.stdout == (PROGRAMS / f"{name}.txt").read_text(), done.stderr
    assert done.returncode == 0
