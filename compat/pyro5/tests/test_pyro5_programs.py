"""Whole programs, in processes of their own, as users start them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

SERVER = """
import Pyro5.api

@Pyro5.api.expose
class Almanac(object):
    def season(self, month):
        return ["winter", "spring", "summer", "autumn"][month % 12 // 3]

daemon = Pyro5.api.Daemon()
uri = daemon.register(Almanac)
print("Ready. Object uri =", uri)
daemon.requestLoop()
"""

CLIENT = """
import Pyro5.api

uri = input("Which uri? ").strip()
month = int(input("Which month? "))
almanac = Pyro5.api.Proxy(uri)
print(almanac.season(month))
"""

NAMED_SERVER = """
import Pyro5.api

@Pyro5.api.expose
class Almanac(object):
    def season(self, month):
        return ["winter", "spring", "summer", "autumn"][month % 12 // 3]

daemon = Pyro5.server.Daemon()
ns = Pyro5.api.locate_ns()
uri = daemon.register(Almanac)
ns.register("example.almanac", uri)
print("Ready.")
daemon.requestLoop()
"""

NAMED_CLIENT = """
import Pyro5.api

month = int(input("Which month? "))
almanac = Pyro5.api.Proxy("PYRONAME:example.almanac")
print(almanac.season(month))
"""

SERVING = """
import Pyro5.api

@Pyro5.api.expose
@Pyro5.api.behavior(instance_mode="single")
class Bell(object):
    def ring(self):
        return "ding"

Pyro5.api.serve({Bell: "example.bell"})
"""


class Programs:
    """Runs programs and ends them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._running: list[subprocess.Popen[str]] = []

    def command(self, *arguments: str) -> dict[str, Any]:
        """Return how to start a process."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("PYRO")}
        # Port 1 is nobody's, so a broadcast finds nothing of somebody else.
        env |= {"PYRO_NS_PORT": str(self.port or 1), "PYRO_NS_BCPORT": "1"}
        return {
            "args": [sys.executable, "-u", "-W", "error", *arguments],
            "env": env,
            "text": True,
            "cwd": self.folder,
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a process that goes on."""
        how = self.command(*arguments)
        process = subprocess.Popen(**how, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._running.append(process)
        return process

    def run(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a process to its end."""
        how = self.command(*arguments)
        return subprocess.run(
            **how, input=typed, capture_output=True, timeout=30, check=False
        )

    def write(self, name: str, text: str) -> str:
        """Write a program."""
        (self.folder / name).write_text(text)
        return name

    def name_server(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a name server at a free port, which all others then use."""
        process = self.start("-m", "Pyro5.nameserver", "-p", "0", *arguments)
        self.port = int(line_like(process, r"URI = PYRO:.*:(\d+)")[1])
        return process

    def end(self) -> None:
        """Interrupt what runs, as with Ctrl-C."""
        for process in self._running:
            process.send_signal(signal.SIGINT)
        for process in self._running:
            process.communicate(timeout=10)


def line_like(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    """Wait for a line of *process* that has the *pattern*."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if match := re.search(pattern, line):
            return match
    raise AssertionError(f"no line like {pattern} in {''.join(seen)}")


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    """Run programs of a test in a folder of their own."""
    programs = Programs(tmp_path)
    yield programs
    programs.end()


@pytest.fixture
def nsc(programs: Programs) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Give a function that runs pyro5-nsc."""

    def run(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return programs.run("-m", "Pyro5.nsc", *arguments, typed=typed)

    return run


def test_an_object_is_called_by_its_uri(programs: Programs) -> None:
    server = programs.start(programs.write("server.py", SERVER))
    uri = line_like(
        server, r"^Ready\. Object uri = (PYRO:obj_[0-9a-f]{32}@localhost:\d+)$"
    )[1]
    client = programs.run(programs.write("client.py", CLIENT), typed=f"{uri}\n4\n")
    assert (client.stdout, client.stderr) == ("Which uri? Which month? spring\n", "")


def test_an_object_is_called_by_its_name_and_listed(programs: Programs) -> None:
    programs.name_server()
    server = programs.start(programs.write("server.py", NAMED_SERVER))
    line_like(server, r"^Ready\.$")
    client = programs.run(programs.write("client.py", NAMED_CLIENT), typed="11\n")
    assert (client.stdout, client.stderr) == ("Which month? autumn\n", "")
    listed = programs.run("-m", "Pyro5.nsc", "list")
    assert listed.stderr == ""
    assert re.fullmatch(
        "--------START LIST \n"
        rf"Pyro\.NameServer --> PYRO:Pyro\.NameServer@localhost:{programs.port}\n"
        r"    metadata: \{'class:Pyro5\.nameserver\.NameServer'\}\n"
        r"example\.almanac --> PYRO:obj_[0-9a-f]{32}@localhost:\d+\n"
        "--------END LIST \n",
        listed.stdout,
    )


def test_serve_registers_its_names_and_says_so(programs: Programs) -> None:
    programs.name_server()
    server = programs.start(programs.write("serving.py", SERVING))
    line_like(server, r"^Object <class '__main__\.Bell'>:$")
    line_like(server, r"^    uri = PYRO:obj_")
    line_like(server, r"^    name = example\.bell$")
    line_like(server, r"^Pyro daemon running\.$")
    code = "from Pyro5.api import Proxy; print(Proxy('PYRONAME:example.bell').ring())"
    assert programs.run("-c", code).stdout == "ding\n"


def test_the_installed_commands_do_the_same(programs: Programs) -> None:
    programs.name_server()
    command = Path(sys.executable).with_name("pyro5-nsc")
    how = programs.command()
    how["args"] = [command, "ping"]
    done = subprocess.run(**how, capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (0, "Name server ping ok.\n")


def test_a_name_server_says_where_it_is_until_it_is_interrupted(programs: Programs) -> None:
    process = programs.start("-m", "Pyro5.nameserver", "-p", "0")
    location = r"localhost:\d+"
    line_like(process, r"^Not starting broadcast server for localhost\.$")
    line_like(process, rf"^NS running on {location} \(127\.0\.0\.1\)$")
    line_like(process, rf"^URI = PYRO:Pyro\.NameServer@{location}$")
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=10)[0] == "NS shut down.\n"
    assert process.returncode == 0


def test_a_name_server_at_a_unix_socket(programs: Programs) -> None:
    path = str(programs.folder / "names.sock")
    process = programs.start("-m", "Pyro5.nameserver", "-u", path)
    line_like(process, rf"^NS running on \./u:{path} \(Unix domain socket\)$")
    line_like(process, rf"^URI = PYRO:Pyro\.NameServer@\./u:{path}$")
    done = programs.run("-m", "Pyro5.nsc", "-v", "-u", path, "ping")
    assert done.stdout == (
        "Locating name server...\n"
        f"Name server found: PYRO:Pyro.NameServer@./u:{path}\n"
        "Name server ping ok.\n"
        "Done.\n"
    )


def test_a_name_server_behind_nat_has_two_uris(programs: Programs) -> None:
    options = ("-p", "0", "-x", "--nathost", "example.org", "--natport", "1234")
    process = programs.start("-m", "Pyro5.nameserver", *options)
    line_like(process, r"^internal URI = PYRO:Pyro\.NameServer@localhost:\d+$")
    line_like(process, r"^external URI = PYRO:Pyro\.NameServer@example\.org:1234$")


def test_a_name_server_that_cannot_serve_says_why(programs: Programs) -> None:
    programs.name_server()
    used = programs.run("-m", "Pyro5.nameserver", "-p", str(programs.port))
    assert (used.returncode, used.stdout) == (1, "")
    assert re.fullmatch(r"pyro5-ns: .*in use.*\n", used.stderr)
    for options in (("-s", "dbm:file"), ("--natport", "5")):
        wrong = programs.run("-m", "Pyro5.nameserver", "-p", "0", *options)
        assert wrong.returncode == 1
        assert wrong.stderr.startswith("pyro5-ns: ")
    assert programs.run("-m", "Pyro5.nameserver", "--wrong").returncode == 2
    assert programs.run("-m", "Pyro5.nameserver", "-h").returncode == 0


def test_nsc_registers_tags_finds_and_removes(
    programs: Programs, nsc: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    programs.name_server()
    uri = "PYRO:one@localhost:1111"
    assert nsc("register", "a.one", uri).stdout == "Registered a.one\n"
    assert nsc("setmeta", "a.one", "red").stdout == "Metadata updated\n"
    assert nsc("lookup", "a.one").stdout == f"{uri}\nmetadata: {{'red'}}\n"
    entry = f"a.one --> {uri}\n    metadata: {{'red'}}\n"
    titles = {
        ("list", "a."): "- prefix 'a.'",
        ("listmatching", "a.*"): "- regex 'a.*'",
        ("yplookup_all", "red"): " - searched by metadata",
        ("yplookup_any", "red", "blue"): " - searched by metadata",
    }
    for command, title in titles.items():
        expected = f"--------START LIST {title}\n{entry}--------END LIST {title}\n"
        assert nsc(*command).stdout == expected
    assert nsc("setmeta", "a.one").stdout == "Metadata cleared\n"
    assert nsc("lookup", "a.one").stdout == f"{uri}\n"
    question = (
        "Potentially removing lots of items from the Name server. Are you sure (y/n)?"
    )
    assert nsc("removematching", "a.*", typed="n\n").stdout == question
    assert (
        nsc("removematching", "a.*", typed="y\n").stdout == f"{question}1 items removed.\n"
    )
    assert nsc("remove", "a.one").stdout == "Nothing removed\n"
    assert nsc("register", "a.one", uri).returncode == 0
    assert nsc("remove", "a.one").stdout == "Removed a.one\n"


def test_nsc_fails_with_one_clear_line(
    programs: Programs, nsc: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    programs.name_server()
    unknown = nsc("lookup", "nothing")
    assert (unknown.returncode, unknown.stderr) == (1, "")
    assert re.fullmatch(r"Error: NamingError - unknown name: nothing.*\n", unknown.stdout)
    nsc("register", "a", "PYRO:one@localhost:1111")
    taken = nsc("register", "a", "PYRO:two@localhost:1111")
    assert taken.returncode == 1
    assert taken.stdout.startswith("Error: NamingError - name already registered: a")
    invalid = nsc("listmatching", "(")
    assert invalid.returncode == 1
    assert invalid.stdout.startswith("Error: NamingError - invalid regex")
    missing = nsc("lookup")
    assert (missing.returncode, missing.stderr) == (1, "requires one argument: name\n")
    for wrong in ((), ("unheard",), ("-z", "list")):
        assert nsc(*wrong).returncode == 2
    assert nsc("--help").returncode == 0


def test_nsc_says_that_there_is_no_name_server_and_fails(programs: Programs) -> None:
    done = programs.run("-m", "Pyro5.nsc", "-n", "localhost", "-p", "1", "list")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == "Error: Failed to locate the nameserver\n"
