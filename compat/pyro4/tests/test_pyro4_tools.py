"""The commands of Pyro4, as modules and as scripts, one by one and beside the real ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands import OURS, Commands, commands, interrupted, lines
from peers import real_python
from Pyro4.socketutil import createSocket

pytestmark = pytest.mark.slow

SCRIPTS = {
    "naming": "pyro4-ns",
    "nsc": "pyro4-nsc",
    "test.echoserver": "pyro4-test-echoserver",
    "utils.flameserver": "pyro4-flameserver",
    "utils.httpgateway": "pyro4-httpgateway",
}
OPTIONS = {
    "naming": "-h -n -p -u -s --bchost --bcport --nathost --natport -x -k",
    "nsc": "-h -n -p -u -k -v",
    "test.echoserver": "-h -H -p -u -n -N -v -q -k",
    "utils.flameserver": "-h -H -p -u -q -k",
    "utils.httpgateway": "-h -H -p -e -k -g -t",
}
# What each says last before it serves.
READY = {
    "naming": "URI = ",
    "test.echoserver": "echoserver running.",
    "utils.flameserver": "server is running.",
    "utils.httpgateway": "Pyro HTTP gateway running on ",
}


@pytest.fixture
def programs() -> Iterator[Commands]:
    """Start programs that end with the test."""
    with commands() as started:
        yield started


def options_of(text: str) -> list[str]:
    """Return the options that a help text explains, by their long names."""
    return re.findall(r"^  .*?(--\w+)", text, re.MULTILINE)


@pytest.mark.parametrize("module", OPTIONS)
def test_help_and_wrong_options(programs: Commands, module: str) -> None:
    told = programs.run(OURS, "-m", f"Pyro4.{module}", "--help")
    assert (told.returncode, told.stderr) == (0, "")
    name = module.rpartition(".")[2]
    assert told.stdout.startswith(f"Usage: {name}.py [options]")
    found = re.findall(r"^  (-\w|--\w+)", told.stdout, re.MULTILINE)
    assert found == OPTIONS[module].split()
    wrong = programs.run(OURS, "-m", f"Pyro4.{module}", "--nope")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith(f"Usage: {name}.py [options]")
    assert wrong.stderr.endswith(f"\n{name}.py: error: no such option: --nope\n")


@pytest.mark.peers
@pytest.mark.parametrize("module", OPTIONS)
def test_the_real_ones_have_the_same_options(programs: Commands, module: str) -> None:
    theirs = programs.run(real_python("pyro4"), "-m", f"Pyro4.{module}", "--help")
    ours = programs.run(OURS, "-m", f"Pyro4.{module}", "--help")
    assert options_of(ours.stdout) == options_of(theirs.stdout)
    assert ours.stdout.splitlines()[0] == theirs.stdout.splitlines()[0]


@pytest.mark.parametrize("module", SCRIPTS)
def test_each_is_a_script_too(programs: Commands, module: str) -> None:
    name = SCRIPTS[module]
    told = programs.run(Path(OURS).with_name(name), "--help")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"Usage: {name} [options]")


def test_the_configuration_is_shown(programs: Commands) -> None:
    script = Path(OURS).with_name("pyro4-check-config")
    for command in ([script], [OURS, "-m", "Pyro4.configuration"]):
        shown = programs.run(*command, COMMTIMEOUT="2.5")
        assert shown.returncode == 0
        text = shown.stdout.splitlines()
        assert text[0] == "Pyro version: 4.82"
        assert text[3:5] == [
            "Protocol version: 48",
            "Currently active configuration settings:",
        ]
        assert "COMMTIMEOUT = 2.5" in text
        assert text[5:] == sorted(text[5:])


@pytest.mark.parametrize("module", READY)
def test_an_interrupt_ends_it_at_once_and_clean(programs: Commands, module: str) -> None:
    process = programs.start(OURS, module, "-p", "0", FLAME_ENABLED="true")
    lines(process, READY[module])
    status, out, problem = interrupted(process)
    goodbye = "NS shut down.\n" if module == "naming" else ""
    assert (status, out, problem) == (0, goodbye, "")


@pytest.mark.parametrize("module", READY)
def test_a_port_in_use_is_one_line(programs: Commands, module: str) -> None:
    with createSocket(bind=("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = (OURS, "-m", f"Pyro4.{module}", "-p", port)
        done = programs.run(*command, FLAME_ENABLED="true")
    assert done.returncode == 1
    assert re.fullmatch(rf"{SCRIPTS[module]}: .*in use.*\n", done.stderr)


@pytest.mark.parametrize("module", READY)
def test_files_for_tls_that_are_missing_are_one_line(
    programs: Commands, module: str
) -> None:
    tls = {"SSL": "1", "SSL_CACERTS": "/nowhere/it.pem", "FLAME_ENABLED": "true"}
    done = programs.run(OURS, "-m", f"Pyro4.{module}", "-p", "0", **tls)
    assert done.returncode == 1
    assert re.fullmatch(rf"{SCRIPTS[module]}: .*\n", done.stderr)


@pytest.mark.parametrize("module", ["test.echoserver", "utils.flameserver"])
def test_keys(programs: Commands, module: str) -> None:
    def start(*options: str, **environment: str) -> tuple[list[str], str]:
        process = programs.start(OURS, module, *options, **environment)
        printed = lines(process, READY[module])
        return printed, interrupted(process)[2]

    on = {"FLAME_ENABLED": "true"}
    printed, problem = start(**on)
    assert printed[1] == "Warning: HMAC key not set. Anyone can connect to this server!"
    assert problem == ""
    printed, problem = start(HMAC_KEY="secret", **on)
    assert not any("HMAC" in line for line in printed)
    assert problem == ""
    printed, problem = start("-k", "secret", **on)
    assert not any("HMAC" in line for line in printed)
    assert "UserWarning: using -k to supply HMAC key on the command line" in problem
    both = programs.run(OURS, "-m", f"Pyro4.{module}", "-k", "x", HMAC_KEY="y", **on)
    assert (both.returncode, both.stdout) == (1, "")
    text = "error: don't use -k and PYRO_HMAC_KEY at the same time"
    assert both.stderr.splitlines()[-1] == text


@pytest.mark.peers
@pytest.mark.parametrize(
    ("module", "options"),
    [
        *(("test.echoserver", options) for options in ("", "-v", "-N", "-H 127.0.0.1")),
        *(("utils.flameserver", options) for options in ("", "-H 127.0.0.1")),
    ],
)
def test_both_print_the_same(programs: Commands, module: str, options: str) -> None:
    seen = []
    for python in (OURS, real_python("pyro4")):
        with createSocket(bind=("127.0.0.1", 0)) as free:
            programs.port = free.getsockname()[1]
        process = programs.start(
            python, module, *options.split(), FLAME_ENABLED="true", NS_HOST="localhost"
        )
        printed = "\n".join(lines(process, READY[module]))
        seen.append(re.sub(r":\d+", ":PORT", printed))
    assert seen[0] == seen[1]
