"""The programs that tell whether this is Pyro 3 print what they should.

They are not ours, and may not be there; then those in ``examples/pyro3`` stand for them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CASES = Path(__file__).parents[4] / "shared" / "acceptance" / "pyro3"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CASES.exists(), reason="the programs are not here"),
]


@pytest.mark.parametrize("case", [path.stem for path in sorted(CASES.glob("case*.py"))])
def test_programs_print_what_they_should(case: str) -> None:
    found = subprocess.run(
        [sys.executable, CASES / "run_all.py", case],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
