"""The demo does what it promises, and leaves nothing behind, however it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
    text = "import os, time\nprint('waiting', os.getpid(), flush=True)\ntime.sleep(60)"
    with start(**fake_pyro5(tmp_path, text)) as demo:
        assert demo.stdout is not None
        lines = []
        for line in demo.stdout:
            lines.append(line)
            if "waiting" in line:
                break
        demo.send_signal(number)
        rest, errors = demo.communicate(timeout=LIMIT)
        with pytest.raises(ProcessLookupError):
            os.kill(int(lines[-1].rpartition(" ")[2]), 0)
    assert errors == "demo: interrupted\n"
    assert demo.returncode == 130
    assert nobody_listens("".join(lines) + rest)


# Runs a program, then says on stderr what it has left behind. That something took long says
# nothing about it: the machine may be busy.
_STRICTLY = """
import logging, runpy, sys, threading
logging.getLogger("asyncio").addFilter(lambda record: "Executing" not in str(record.msg))
sys.argv[:] = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        print("left behind:", thread, file=sys.stderr)
"""


@contextmanager
def greenhouse(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run that program, where every warning and forgotten task shows."""
    program = str(EXAMPLES / "greenhouse.py")
    with subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-c", _STRICTLY, program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(program: subprocess.Popen[str], wanted: set[str]) -> None:
    """Read lines until all that are *wanted* have come."""
    assert program.stdout is not None
    while wanted:
        line = program.stdout.readline()
        assert line, f"it ended without {wanted}"
        wanted = wanted - {line.strip()}


def interrupt(program: subprocess.Popen[str]) -> tuple[str, str, int]:
    """Send Ctrl-C; return what it says then, its complaints, and its status."""
    program.send_signal(signal.SIGINT)
    said_last, errors = program.communicate(timeout=LIMIT)
    return said_last.splitlines()[-1], errors, program.returncode


def test_programs_of_asyncio_end_clean_by_ctrl_c() -> None:
    with greenhouse() as server:
        assert server.stdout is not None
        uri = server.stdout.readline().strip()
        with greenhouse(uri) as client:
            told = {"it is 21.0 degrees", "too warm: 21.0 degrees", "no tomatoes yet"}
            read_until(client, told)
            assert interrupt(client) == ("good bye", "", 0)
        with greenhouse(uri) as client:
            read_until(client, {"it is 24.0 degrees"})
            assert interrupt(server) == ("good bye", "", 0)
            said_last, errors = client.communicate(timeout=LIMIT)
            assert said_last.endswith("the greenhouse is gone\n")
            assert errors == ""
            assert client.returncode == 0
