"""The demo does what it promises, and leaves nothing behind, however it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pyrophone import PyrophoneError, Settings
from pyrophone.sync import connect

EXAMPLES = Path(__file__).parent.parent / "examples"
LIMIT = 30.0  # seconds; the demo itself gives up after 20
CLIENT = [
    "read() gives 21.5",
    "heat(by=2.5) gives 24.0",
    "forecast(3) gives [24.5, 25.0, 25.5]",
    "heat(1000) raises ValueError: 1024.0 degrees are too many",
]

pytestmark = pytest.mark.slow


def start(**variables: str) -> subprocess.Popen[str]:
    """Start the demo."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", str(EXAMPLES / "demo.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **variables},
    )


def said(output: str) -> dict[str, list[str]]:
    """Return the lines of each role."""
    roles: dict[str, list[str]] = {}
    for line in output.splitlines():
        role, bar, text = line.partition(" | ")
        if bar:
            roles.setdefault(role.strip(), []).append(text)
    return roles


def nobody_listens(output: str) -> bool:
    """Tell whether all that listened are gone; other tests may have their ports by now."""
    uris = set(re.findall(r"PYRO:\w[\w.]*@localhost:\d+", output))
    assert uris
    return not any(is_there(uri, uris) for uri in uris)


def is_there(uri: str, uris: set[str]) -> bool:
    """Tell whether an object of the demo answers; a name server, if it knows the others."""
    try:
        proxy = connect(uri, settings=Settings(timeout=5.0))
        if "NameServer" in uri:
            return not uris.isdisjoint(proxy.list().values())
        return True
    except PyrophoneError:
        return False


def test_four_processes_do_the_main_job() -> None:
    with start() as demo:
        output, errors = demo.communicate(timeout=LIMIT)
    roles = said(output)
    assert errors == ""
    assert roles["client"] == CLIENT
    assert roles["Pyro5 client"] == CLIENT
    assert re.fullmatch(
        r"Pyro.NameServer\tPYRO:Pyro.NameServer@localhost:\d+",
        "\n".join(roles["name server"]),
    )
    assert re.fullmatch(
        r"lab.thermometer\tPYRO:obj_\w+@localhost:\d+", "\n".join(roles["server"])
    )
    assert output.splitlines()[-1] == "demo: all went well"
    assert demo.returncode == 0
    assert nobody_listens(output)


def fake_pyro5(folder: Path, text: str) -> dict[str, str]:
    """Return variables that put a module in place of Pyro5."""
    (folder / "Pyro5.py").write_text(text)
    return {"PYTHONPATH": str(folder)}


def test_a_part_that_fails_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    with start(**fake_pyro5(tmp_path, "raise SystemExit(3)")) as demo:
        output, errors = demo.communicate(timeout=LIMIT)
    assert errors == "demo: the Pyro5 client failed with status 3\n"
    assert demo.returncode == 1
    assert nobody_listens(output)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_demo_that_is_interrupted_leaves_nothing(
    tmp_path: Path, number: signal.Signals
) -> None:
    text = "import threading\nprint('waiting')\nthreading.Event().wait()"
    with start(**fake_pyro5(tmp_path, text)) as demo:
        assert demo.stdout is not None
        lines = []
        for line in demo.stdout:
            lines.append(line)
            if "waiting" in line:
                break
        demo.send_signal(number)
        rest, errors = demo.communicate(timeout=LIMIT)
    assert errors == "demo: interrupted\n"
    assert demo.returncode == 130
    assert nobody_listens("".join(lines) + rest)
