"""``pyrophone gateway``: from a command to a page and calls by HTTP."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from running import LIMIT

if TYPE_CHECKING:
    from tests.cli.conftest import Run


@contextmanager
def running(*argv: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run a gateway as a process; give the address of its page."""
    command = [sys.executable, "-W", "error", "-m", "pyrophone", "gateway", "--port", "0"]
    with subprocess.Popen(
        [*command, *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), process
        finally:
            if process.poll() is None:
                process.kill()


def get(address: str, **headers: str) -> tuple[int, str]:
    """Return status and text of what is at *address*."""
    request = urllib.request.Request(address, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=LIMIT) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.slow
@pytest.mark.usefixtures("names")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_gateway_serves_until_a_signal(number: signal.Signals) -> None:
    with running("--expose", r"Pyro\.", "--verbose") as (page, process):
        assert page.startswith("http://localhost:")
        assert get(page)[0] == 200
        status, text = get(f"{page}Pyro.NameServer/list?prefix=Pyro")
        assert (status, list(json.loads(text))) == (200, ["Pyro.NameServer"])
        assert get(f"{page}http.x/y")[0] == 403
        assert process.stderr is not None
        log = [process.stderr.readline() for _ in range(3)]  # behind the answers
        process.send_signal(number)
        assert process.communicate(timeout=LIMIT) == ("", "")
    assert process.returncode == 0
    assert '"GET /pyro/Pyro.NameServer/list?prefix=Pyro HTTP/1.1" 200' in "".join(log)


@pytest.mark.slow
@pytest.mark.usefixtures("names")
def test_a_key_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret \nnot this\n")
    options = ("--key-file", str(tmp_path / "key"), "--expose", "", "--cors", "*")
    with running(*options, "--host", "127.0.0.1") as (page, process):
        address = f"{page}Pyro.NameServer/ping"
        assert get(address)[0] == 403
        assert get(address, **{"X-Pyro-Gateway-Key": "secret"}) == (200, "null")
        process.terminate()
        assert process.communicate(timeout=LIMIT) == ("", "")


@pytest.mark.slow
def test_without_a_key_it_warns_where_others_can_reach_it() -> None:
    with running("--host", "0.0.0.0") as (page, process):
        assert page.startswith("http://0.0.0.0:")
        process.terminate()
        _, err = process.communicate(timeout=LIMIT)
    assert err == "pyrophone gateway: no key: whoever reaches it can call\n"


@pytest.mark.parametrize(
    ("argv", "status", "problem"),
    [
        (["--expose", "("], 2, "'(' is no regular expression: missing ), unterminated "),
        (["--timeout", "-1"], 2, "setting timeout is -1.0, must be at least 0"),
        (["--key-file", "/nowhere/key"], 2, "cannot read the key: [Errno 2] No such"),
        (["--port", "99999"], 1, "cannot listen: bind(): port must be 0-65535.: localhost"),
        (["--host", "192.0.2.1"], 1, "cannot listen: Cannot assign requested address: 192"),
        (["--host", "x" * 70], 1, "cannot listen: "),
    ],
)
def test_what_cannot_be_served_is_named(
    run: Run, argv: list[str], status: int, problem: str
) -> None:
    found = run("gateway", *argv)
    assert (found.status, found.out) == (status, "")
    assert found.err.startswith(f"pyrophone gateway: {problem}")
    assert found.err.count("\n") == 1


def test_an_empty_key_file_is_no_key(run: Run, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("\nsecret")
    found = run("gateway", "--key-file", str(tmp_path / "key"))
    assert found.status == 2
    assert "there is no key in the first line of" in found.err


def test_a_key_and_a_file_of_one_are_too_much(run: Run) -> None:
    assert run("gateway", "--key", "a", "--key-file", "b").status == 2
