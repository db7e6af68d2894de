"""Real broadcasts: a name server, and who looks for it on another machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Start = Callable[..., subprocess.Popen[str]]
SEARCH = "Locator: searching Pyro Name Server..."
PLACE = "NS is at 10.77.0.1 (??) port 9090"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Give a function that runs a module on machine 1 or 2, which is 10.77.0.1 or 2."""
    if shutil.which("ip") is None:
        pytest.skip("no program ip")
    names = [f"pyro3-{os.getpid()}-{number}" for number in (1, 2)]
    if subprocess.run(["ip", "netns", "add", names[0]], capture_output=True).returncode:
        pytest.skip("only root can make network namespaces")
    running: list[subprocess.Popen[str]] = []
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYRO_")}
    env |= {"PYRO_STORAGE": str(tmp_path), "PYTHONUNBUFFERED": "1"}

    def run(machine: int, *command: str) -> subprocess.Popen[str]:
        inside = ["ip", "netns", "exec", names[machine - 1], sys.executable, "-m"]
        process = subprocess.Popen(
            [*inside, *command],
            env=env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        running.append(process)
        return process

    try:
        _connect(names)
        yield run
    finally:
        for process in running:
            with process:
                process.kill()
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


def _connect(names: list[str]) -> None:
    first, second = names
    cable = ["cable", "type", "veth", "peer", "name", "cable", "netns", second]
    _ip("netns", "add", second)
    _ip("-n", first, "link", "add", *cable)
    for number, name in enumerate(names, 1):
        _ip("-n", name, "addr", "add", f"10.77.0.{number}/24", "brd", "+", "dev", "cable")
        for device in ("lo", "cable"):
            _ip("-n", name, "link", "set", device, "up")
        _ip("-n", name, "route", "add", "255.255.255.255", "dev", "cable")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def said(process: subprocess.Popen[str]) -> tuple[int, list[str]]:
    """Return the status of a process that ends, and what it says."""
    out, _ = process.communicate(timeout=30)
    return process.returncode, out.splitlines()


@pytest.mark.slow
def test_it_is_found_by_broadcast_from_another_machine(start: Start) -> None:
    server = start(1, "Pyro.naming", "-n", "10.77.0.1")
    assert server.stdout is not None
    while server.stdout.readline() != "Name Server started.\n":
        assert server.poll() is None
    alive = [SEARCH, PLACE, "NS is up and running!"]
    assert said(start(2, "Pyro.nsc", "ping")) == (0, alive)
    assert said(start(2, "Pyro.nsc", "-c", "10.77.0.255", "-p", "9090", "ping")) == (
        0,
        alive,
    )
    denied = "Result from system command shutdown : Shutdown request denied"
    assert said(start(2, "Pyro.nsc", "shutdown")) == (1, [SEARCH, PLACE, denied])
    assert said(start(2, "Pyro.naming", "-n", "10.77.0.2"))[1][1:] == [
        "The Name Server appears to be already running on this segment.",
        "(host: 10.77.0.1  port: 9090 )",
        "Cannot start multiple Name Servers in the same network segment.",
    ]
