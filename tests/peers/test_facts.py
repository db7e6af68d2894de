"""The tests of facts about Pyro5 and Pyro4 hold with the real ones, so they can't drift."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from peers import real_python

pytestmark = pytest.mark.peers

COMPAT = Path(__file__).parents[2] / "compat"
FILES = [
    f"{name}/tests/facts/{path.name}"
    for name in ("pyro4", "pyro5")
    for path in sorted(COMPAT.glob(f"{name}/tests/facts/test_*.py"))
]


def version_of(python: Path) -> str:
    """Return which Python that is, without its patch level."""
    code = "import sys; print(*sys.version_info[:2])"
    return subprocess.check_output([python, "-c", code], text=True).strip()


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_the_facts_hold_with_the_real_one(file: str) -> None:
    """Once is enough: with the Python that the peers have."""
    python = real_python(file.partition("/")[0])
    if version_of(python) != f"{sys.version_info[0]} {sys.version_info[1]}":
        pytest.skip("the peers have another Python")
    path = COMPAT / file
    command = f"-m pytest -q --tb=line --import-mode=importlib -p no:cacheprovider {path}"
    command += f" -c /dev/null --rootdir {path.parent} --confcutdir {path.parent}"
    environ = {name: text for name, text in os.environ.items() if not name.startswith("PY")}
    environ["PYTHONHASHSEED"] = "0"  # the real Pyro4's hashes of sets depend on it
    done = subprocess.run(
        [python, *shlex.split(command)], capture_output=True, text=True, env=environ
    )
    assert done.returncode == 0, done.stdout + done.stderr
