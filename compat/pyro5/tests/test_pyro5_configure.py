"""The configuration, and what an import gives."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

import Pyro5.api
from Pyro5.configure import Configuration


def python(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run *code* in a process of its own."""
    env = {**os.environ, **variables}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=env, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def test_there_are_39_items_and_no_others() -> None:
    assert len(Pyro5.config.as_dict()) == 39
    with pytest.raises(AttributeError, match="SERIALISER"):
        Pyro5.config.SERIALISER = "json"
    with pytest.raises(AttributeError, match="SERIALISER"):
        _ = Pyro5.config.SERIALISER


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("NS_PORT", " 1234 ", 1234),
        ("COMMTIMEOUT", "2.5", 2.5),
        ("COMPRESSION", "Yes", True),
        ("SOCK_REUSE", "off", False),
        ("NATHOST", "", ""),
        ("SERIALIZER", "json", "json"),
        ("BROADCAST_ADDRS", "a, b", ["a", "b"]),
    ],
)
def test_items_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: Any
) -> None:
    default = Configuration()
    monkeypatch.setenv(f"PYRO_{name}", text)
    changed = Configuration()
    assert getattr(changed, name) == value
    changed.reset(use_environment=False)
    assert changed.as_dict() == default.as_dict()


@pytest.mark.parametrize(("name", "text"), [("NS_PORT", ""), ("COMPRESSION", "maybe")])
def test_unusable_texts_are_value_errors(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv(f"PYRO_{name}", text)
    with pytest.raises(ValueError, match=f"PYRO_{name}"):
        Configuration()


def test_each_configuration_has_lists_of_its_own() -> None:
    one, two = Configuration(), Configuration()
    assert one.BROADCAST_ADDRS == ["<broadcast>", "0.0.0.0"]
    one.BROADCAST_ADDRS.append("10.255.255.255")
    assert len(two.BROADCAST_ADDRS) == 2


def test_a_copy_has_the_same_values_and_is_another() -> None:
    one = Configuration()
    one.NS_PORT = 5
    two = one.copy()
    one.NS_PORT = 6
    assert two.NS_PORT == 5


def test_the_dump_shows_all_items() -> None:
    lines = Pyro5.config.dump().splitlines()
    assert lines[0] == "Pyro version: 5.17"
    assert lines[3:5] == [
        "Protocol version: 502",
        "Currently active global configuration settings:",
    ]
    assert "SERIALIZER = serpent" in lines
    assert len(lines) == 5 + 39


def test_the_api_brings_the_modules_along() -> None:
    code = (
        "import Pyro5.api\n"
        "for name in 'core client server nameserver serializers callcontext errors "
        "socketutil configure'.split():\n"
        "    print(getattr(Pyro5, name).__name__)\n"
        "import importlib.util\n"
        "print(Pyro5.__version__, importlib.util.find_spec('Pyro5.config'))\n"
    )
    done = python(code)
    assert done.stderr == ""
    assert done.stdout.split() == [
        "Pyro5.core", "Pyro5.client", "Pyro5.server", "Pyro5.nameserver",
        "Pyro5.serializers", "Pyro5.callcontext", "Pyro5.errors", "Pyro5.socketutil",
        "Pyro5.configure", "5.17", "None",
    ]  # fmt: skip


def test_unknown_variables_are_left_alone_and_log_lines_go_where_wished() -> None:
    code = "import Pyro5, logging; logging.getLogger('Pyro5.x').info('hi')"
    quiet = python(code, PYRO_ONEWAY_THREADED="1")
    assert (quiet.returncode, quiet.stderr) == (0, "")
    loud = python(code, PYRO_LOGLEVEL="INFO", PYRO_LOGFILE="{stderr}")
    assert loud.stderr.endswith(",Pyro5.x,INFO] hi\n")
    wrong = python(code, PYRO_LOGLEVEL="LOUD")
    assert "PYRO_LOGLEVEL='LOUD'" in wrong.stderr


def test_levels_may_be_written_small_and_a_file_gets_the_lines(tmp_path: Path) -> None:
    code = "import Pyro5, logging; logging.getLogger('Pyro5.core').warning('hi')"
    file = tmp_path / "lines.log"
    done = python(code, PYRO_LOGLEVEL="warning", PYRO_LOGFILE=str(file))
    assert (done.returncode, done.stderr) == (0, "")
    shape = r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3},Pyro5\.core,WARNING\] hi\n"
    assert re.fullmatch(shape, file.read_text())


def test_a_log_that_the_program_has_set_up_stays() -> None:
    code = (
        "import logging\n"
        "logging.basicConfig(level=5)\n"
        "logging.getLogger('Pyro5').setLevel(7)\n"
        "import Pyro5\n"
        "print(logging.getLogger().level, logging.getLogger('Pyro5').level)\n"
    )
    assert python(code, PYRO_LOGLEVEL="INFO").stdout == "5 7\n"
    assert python(code).stdout == "5 7\n"


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_the_configuration_is_printed_by_a_module_and_a_command(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "Pyro5.configure", *arguments],
        env={**os.environ, "PYRO_NS_PORT": "1234"},
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert lines[0] == "Pyro version: 5.17"
    assert "NS_PORT = 1234" in lines
    (command,) = entry_points(group="console_scripts", name="pyro5-check-config")
    command.load()()
    assert capsys.readouterr().out == Pyro5.config.dump() + "\n"


def test_importing_takes_no_more_than_is_asked_for() -> None:
    done = python(
        "import sys, Pyro5.api; print('pyrophone.sync' in sys.modules)\n"
        "Pyro5.api.Proxy; print('pyrophone.sync' in sys.modules)\n"
        "print(*{'asyncio', 'importlib.metadata'} & set(sys.modules))"
    )
    assert (done.stderr, done.stdout) == ("", "False\nTrue\n\n")


def test_all_names_are_there_and_no_others() -> None:
    done = python(
        "from Pyro5.api import *\n"
        "import Pyro5\n"
        "print(all(name in globals() for name in Pyro5.api.__all__))\n"
        "print(Proxy is Pyro5.client.Proxy, URI is Pyro5.core.URI)\n"
        "print(register_class_to_dict == SerializerBase.register_class_to_dict)\n"
        "print(set(Pyro5.api.__all__) <= set(dir(Pyro5.api)))\n"
        "print(hasattr(Pyro5.api, 'Proxi'), hasattr(Pyro5, 'klient'))"
    )
    assert (done.stderr, done.stdout) == ("", "True\nTrue True\nTrue\nTrue\nFalse False\n")
