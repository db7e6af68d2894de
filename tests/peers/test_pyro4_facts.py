"""The tests of facts about Pyro4 hold with the real one, so they can't drift from it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from peers import real_python

pytestmark = pytest.mark.peers

FACTS = Path(__file__).parents[2] / "compat" / "pyro4" / "tests" / "facts"


def version_of(python: Path) -> str:
    """Return which Python that is, without its patch level."""
    code = "import sys; print(*sys.version_info[:2])"
    return subprocess.check_output([python, "-c", code], text=True).strip()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_facts_hold_with_the_real_pyro4() -> None:
    """Once is enough: with the Python that the peers have."""
    python = real_python("pyro4")
    if version_of(python) != f"{sys.version_info[0]} {sys.version_info[1]}":
        pytest.skip("the peers have another Python")
    command = f"-m pytest -q --tb=line --import-mode=importlib -p no:cacheprovider {FACTS}"
    command += f" -c /dev/null --rootdir {FACTS} --confcutdir {FACTS}"
    environ = {name: text for name, text in os.environ.items() if not name.startswith("PY")}
    done = subprocess.run(
        [python, *shlex.split(command)], capture_output=True, text=True, env=environ
    )
    assert done.returncode == 0, done.stdout + done.stderr
