"""The configuration: 45 items, and some that only older releases had."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from Pyro4 import constants
from Pyro4.configuration import AUTO, Configuration, config, main
from Pyro4.tables import UNLIMITED, hmac_key, seconds, settings
from pyrophone import Settings

DEFAULTS = {
    "HOST": "localhost", "NS_HOST": "localhost", "NS_PORT": 9090, "NS_BCPORT": 9091,
    "NS_BCHOST": None, "NS_AUTOCLEAN": 0.0, "NATHOST": None, "NATPORT": 0,
    "COMPRESSION": False, "SERVERTYPE": "thread", "COMMTIMEOUT": 0.0, "POLLTIMEOUT": 2.0,
    "SOCK_REUSE": True, "SOCK_NODELAY": False, "ONEWAY_THREADED": True,
    "DETAILED_TRACEBACK": False, "THREADPOOL_SIZE": 40, "THREADPOOL_SIZE_MIN": 4,
    "AUTOPROXY": True, "MAX_MESSAGE_SIZE": 0, "BROADCAST_ADDRS": "<broadcast>, 0.0.0.0",
    "FLAME_ENABLED": False, "PREFER_IP_VERSION": 4, "SERIALIZER": "serpent",
    "SERIALIZERS_ACCEPTED": {"serpent", "marshal", "json"}, "LOGWIRE": False,
    "PICKLE_PROTOCOL_VERSION": pickle.HIGHEST_PROTOCOL,
    "DILL_PROTOCOL_VERSION": pickle.HIGHEST_PROTOCOL, "METADATA": True,
    "REQUIRE_EXPOSE": "auto", "USE_MSG_WAITALL": True, "JSON_MODULE": "json",
    "MAX_RETRIES": 0, "ITER_STREAMING": True, "ITER_STREAM_LIFETIME": 0.0,
    "ITER_STREAM_LINGER": 30.0, "SSL": False, "SSL_SERVERCERT": "", "SSL_SERVERKEY": "",
    "SSL_SERVERKEYPASSWD": "", "SSL_REQUIRECLIENTCERT": False, "SSL_CLIENTCERT": "",
    "SSL_CLIENTKEY": "", "SSL_CLIENTKEYPASSWD": "", "SSL_CACERTS": "",
}  # fmt: skip
FORMER = [
    "HMAC_KEY",
    "DOTTEDNAMES",
    "THREADING2",
    "THREADPOOL_ALLOW_QUEUE",
    "THREADPOOL_IDLETIMEOUT",
    "THREADPOOL_MAXTHREADS",
    "THREADPOOL_MINTHREADS",
]


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variables but those that a test sets."""
    for name in os.environ:
        if name.startswith("PYRO_"):
            monkeypatch.delenv(name)


def python(
    code: str, cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run *code* in a process of its own."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=cwd,
        env={**os.environ, **variables}, capture_output=True, text=True, timeout=30,
        check=False,
    )  # fmt: skip


def test_the_constants_are_those_of_4_82() -> None:
    assert {name: getattr(constants, name) for name in constants.__all__} == {
        "VERSION": "4.82",
        "DAEMON_NAME": "Pyro.Daemon",
        "NAMESERVER_NAME": "Pyro.NameServer",
        "FLAME_NAME": "Pyro.Flame",
        "PROTOCOL_VERSION": 48,
    }


@pytest.mark.skipif(sys.platform == "win32", reason="has no MSG_WAITALL")
def test_there_are_45_items_with_their_defaults() -> None:
    fresh = Configuration()
    assert fresh.asDict() == DEFAULTS
    assert len(DEFAULTS) == 45
    assert {name: type(value) for name, value in fresh.asDict().items()} == {
        name: type(value) for name, value in DEFAULTS.items()
    }


def test_the_set_of_items_is_closed() -> None:
    with pytest.raises(AttributeError):
        config.SERIALISER = "json"
    with pytest.raises(AttributeError):
        _ = config.SERIALISER
    assert not hasattr(config, "__dict__")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("NS_PORT", " 1234 ", 1234),
        ("COMMTIMEOUT", "2.5", 2.5),
        ("COMPRESSION", "Yes", True),
        ("SOCK_REUSE", "oFF", False),
        ("NATHOST", "", ""),
        ("HOST", "", ""),
        ("BROADCAST_ADDRS", "a, b", "a, b"),
        ("REQUIRE_EXPOSE", "true", True),
        ("REQUIRE_EXPOSE", "0", False),
        ("REQUIRE_EXPOSE", "Auto", AUTO),
        ("SERIALIZERS_ACCEPTED", "pickle", {"pickle"}),
        ("SERIALIZERS_ACCEPTED", " json, pickle ", {"json", "pickle"}),
    ],
)
def test_items_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: Any
) -> None:
    monkeypatch.setenv(f"PYRO_{name}", text)
    changed = Configuration()
    assert (type(getattr(changed, name)), getattr(changed, name)) == (type(value), value)
    changed.reset(useenvironment=False)
    assert changed.asDict() == DEFAULTS
    changed.reset()
    assert getattr(changed, name) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [("NS_PORT", ""), ("COMPRESSION", "maybe"), ("REQUIRE_EXPOSE", "perhaps")],
)
def test_unusable_texts_are_value_errors(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv(f"PYRO_{name}", text)
    with pytest.raises(ValueError, match=f"PYRO_{name}"):
        Configuration()


def test_an_import_fails_where_a_variable_is_unusable_and_not_where_it_is_unknown() -> None:
    assert (
        "PYRO_NATPORT='x'" in python("import Pyro4.configuration", PYRO_NATPORT="x").stderr
    )
    done = python("import Pyro4.configuration", PYRO_UNHEARD="x", PYRO_HMAC_KEY="x")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_host_of_the_name_server_is_not_that_of_daemons(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYRO_HOST", "192.0.2.1")
    assert Configuration().NS_HOST == "localhost"


def test_what_is_accepted_is_a_set_that_a_program_adds_to() -> None:
    one, other = Configuration(), Configuration()
    one.SERIALIZERS_ACCEPTED.add("pickle")
    assert {"json", "marshal", "pickle", "serpent"} == one.SERIALIZERS_ACCEPTED
    assert {"json", "marshal", "serpent"} == other.SERIALIZERS_ACCEPTED
    one.reset()
    assert {"json", "marshal", "serpent"} == one.SERIALIZERS_ACCEPTED


@pytest.mark.parametrize("name", FORMER)
def test_items_of_older_releases_can_be_set(name: str) -> None:
    fresh = Configuration()
    assert not hasattr(fresh, name)
    setattr(fresh, name, 5)
    assert getattr(fresh, name) == 5
    assert fresh.asDict() == DEFAULTS
    fresh.reset()
    assert not hasattr(fresh, name)


@pytest.mark.parametrize(
    ("item", "key"), [("clé", "clé".encode()), (b"k", b"k"), ("", None), (None, None)]
)
def test_the_old_item_of_a_key_counts(
    monkeypatch: pytest.MonkeyPatch, item: Any, key: bytes | None
) -> None:
    assert hmac_key() is None
    monkeypatch.setattr(config, "HMAC_KEY", item, raising=False)
    assert hmac_key() == key


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", [""]),
        ("''", [""]),
        ("a,b", ["a", "b"]),
        (" a , b ,'' ", ["a", "b", ""]),
        ("<broadcast>, 0.0.0.0", ["<broadcast>", "0.0.0.0"]),
        (",", ["", ""]),
    ],
)
def test_addresses_are_parted_at_commas(text: str, parts: list[str]) -> None:
    assert config.parseAddressesString(text) == parts


def test_the_dump_shows_all_items_and_where_log_lines_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYRO_LOGLEVEL", "INFO")
    lines = config.dump().splitlines()
    assert lines[0] == "Pyro version: 4.82"
    assert lines[1].startswith("Loaded from: ")
    assert re.fullmatch(r"Python version: \w+ [\d.]+\S* \(\w+, \w+\)", lines[2])
    assert lines[3:5] == [
        "Protocol version: 48",
        "Currently active configuration settings:",
    ]
    names = [line.partition(" = ")[0] for line in lines[5:]]
    assert names == sorted([*DEFAULTS, "LOGFILE", "LOGLEVEL"])
    assert "LOGLEVEL = INFO" in lines
    assert "LOGFILE = None" in lines
    assert "REQUIRE_EXPOSE = auto" in lines


def test_the_configuration_is_printed_by_a_module_and_a_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "Pyro4.configuration"],
        env={**os.environ, "PYRO_NS_PORT": "1234"},
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert "NS_PORT = 1234" in done.stdout.splitlines()
    (command,) = entry_points(group="console_scripts", name="pyro4-check-config")
    for print_it in (main, command.load()):
        print_it()
        assert capsys.readouterr().out == config.dump() + "\n"


LOG = """
import logging
from Pyro4.configuration import set_up_logging
set_up_logging()
logging.getLogger("Pyro4.core").warning("hi")
print(logging.getLogger("Pyro4").level)
"""


def test_without_a_level_the_log_is_silent() -> None:
    done = python("import logging; logging.basicConfig()" + LOG)
    assert (done.stdout, done.stderr) == ("9999\n", "")


def test_with_a_level_lines_go_to_a_file_here(tmp_path: Path) -> None:
    done = python(LOG, cwd=tmp_path, PYRO_LOGLEVEL="info")
    assert (done.stdout, done.stderr) == ("0\n", "")
    lines = (tmp_path / "pyro.log").read_text().splitlines()
    assert re.fullmatch(
        r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3},Pyro4\.core,WARNING\] hi", lines[-1]
    )


def test_the_file_can_be_named_or_be_stderr(tmp_path: Path) -> None:
    done = python(LOG, PYRO_LOGLEVEL="WARNING", PYRO_LOGFILE="{stderr}")
    assert done.stderr.endswith(",Pyro4.core,WARNING] hi\n")
    python(LOG, PYRO_LOGLEVEL="WARNING", PYRO_LOGFILE=str(tmp_path / "x"))
    assert (tmp_path / "x").read_text().endswith(",Pyro4.core,WARNING] hi\n")


def test_where_the_file_cannot_be_written_stderr_is_used(tmp_path: Path) -> None:
    file = str(tmp_path / "missing" / "x.log")
    done = python(LOG, PYRO_LOGLEVEL="WARNING", PYRO_LOGFILE=file)
    first, second = done.stderr.splitlines()
    assert first.endswith("can't write to the log file; log lines go to stderr instead")
    assert second.endswith(",Pyro4.core,WARNING] hi")


def test_a_log_that_the_program_has_set_up_stays(tmp_path: Path) -> None:
    own = (
        "import logging\n"
        "logging.basicConfig(level=5)\n"
        "logging.getLogger('Pyro4').setLevel(27)\n"
    )
    file = str(tmp_path / "x")
    for done in (
        python(own + LOG),
        python(own + LOG, PYRO_LOGLEVEL="INFO", PYRO_LOGFILE=file),
    ):
        assert (done.stdout, done.stderr) == ("27\n", "WARNING:Pyro4.core:hi\n")
    assert not (tmp_path / "x").exists()


def test_settings_follow_the_configuration_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    changes: dict[str, Any] = {
        "SERIALIZER": "json", "COMPRESSION": True, "MAX_MESSAGE_SIZE": 1000,
        "COMMTIMEOUT": 3.0, "ITER_STREAMING": False, "ITER_STREAM_LIFETIME": 4.0,
        "ITER_STREAM_LINGER": 5.0, "NS_HOST": "192.0.2.1", "NS_PORT": 6, "NS_BCPORT": 7,
        "BROADCAST_ADDRS": "a, b",
    }  # fmt: skip
    before = settings()
    assert (before.max_message_size, before.timeout) == (UNLIMITED, None)
    assert not before.broadcast_first
    for name, value in changes.items():
        monkeypatch.setattr(config, name, value)
    assert settings(retries=8) == Settings(
        serializer="json",
        compression=True,
        max_message_size=1000,
        timeout=3.0,
        streaming=False,
        stream_lifetime=4.0,
        stream_linger=5.0,
        name_host="192.0.2.1",
        name_port=6,
        broadcast_port=7,
        broadcast_addresses=("a", "b"),
        broadcast_first=True,
        retries=8,
    )
    monkeypatch.setattr(config, "PREFER_IP_VERSION", 6)
    assert settings().broadcast_addresses == ()


@pytest.mark.parametrize("given", [0, 0.0, None])
def test_no_time_at_all_is_none(given: float | None) -> None:
    find: Callable[[float | None], float | None] = seconds
    assert find(given) is None
    assert find(0.5) == 0.5
