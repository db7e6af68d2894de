"""The configuration: items, defaults, the environment, the dump."""

import os
import subprocess
import sys

import pytest

import Pyro5
from Pyro5 import config, configure

DEFAULTS = {
    "HOST": "localhost",
    "NS_HOST": "localhost",
    "NS_PORT": 9090,
    "NS_BCPORT": 9091,
    "NS_BCHOST": None,
    "NS_AUTOCLEAN": 0.0,
    "NS_LOOKUP_DELAY": 0.0,
    "NATHOST": None,
    "NATPORT": 0,
    "COMPRESSION": False,
    "SERVERTYPE": "thread",
    "COMMTIMEOUT": 0.0,
    "POLLTIMEOUT": 2.0,
    "MAX_RETRIES": 0,
    "SOCK_REUSE": True,
    "SOCK_NODELAY": False,
    "DETAILED_TRACEBACK": False,
    "THREADPOOL_SIZE": 80,
    "THREADPOOL_SIZE_MIN": 4,
    "MAX_MESSAGE_SIZE": 1073741824,
    "BROADCAST_ADDRS": ["<broadcast>", "0.0.0.0"],
    "PREFER_IP_VERSION": 0,
    "SERIALIZER": "serpent",
    "SERPENT_BYTES_REPR": False,
    "ITER_STREAMING": True,
    "ITER_STREAM_LIFETIME": 0.0,
    "ITER_STREAM_LINGER": 30.0,
    "LOGFILE": "pyro5.log",
    "LOGLEVEL": None,
    "LOGWIRE": False,
    "SSL": False,
    "SSL_SERVERCERT": "",
    "SSL_SERVERKEY": "",
    "SSL_SERVERKEYPASSWD": "",
    "SSL_REQUIRECLIENTCERT": False,
    "SSL_CLIENTCERT": "",
    "SSL_CLIENTKEY": "",
    "SSL_CLIENTKEYPASSWD": "",
    "SSL_CACERTS": "",
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_default(name):
    fresh = configure.Configuration()
    fresh.reset(False)
    assert type(getattr(fresh, name)) is type(DEFAULTS[name])
    assert getattr(fresh, name) == DEFAULTS[name]


def test_there_are_exactly_these():
    assert sorted(config.as_dict()) == sorted(DEFAULTS)
    assert len(DEFAULTS) == 39


def test_other_names_cannot_be_assigned():
    with pytest.raises(AttributeError):
        config.NOSUCHITEM = 42
    with pytest.raises(AttributeError):
        config.ONEWAY_THREADED = False


def test_values_are_not_checked():
    config.COMPRESSION = "perhaps"
    assert config.COMPRESSION == "perhaps"


def test_as_dict_is_a_new_one():
    first = config.as_dict()
    first["HOST"] = "elsewhere"
    assert config.as_dict()["HOST"] == "localhost"


def test_a_copy_is_independent():
    config.NS_PORT = 4444
    copied = config.copy()
    assert isinstance(copied, configure.Configuration)
    assert copied.as_dict() == config.as_dict()
    copied.NS_PORT = 5555
    assert config.NS_PORT == 4444


def test_reset_returns_to_the_defaults(monkeypatch):
    config.NS_PORT = 1
    config.NS_BCHOST = "x"
    config.reset()
    assert config.NS_PORT == 9090
    assert config.NS_BCHOST is None


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("HOST", "testhost", "testhost"),
        ("NS_PORT", "4444", 4444),
        ("NS_PORT", " 4444 ", 4444),
        ("POLLTIMEOUT", "3.5", 3.5),
        ("COMPRESSION", "yes", True),
        ("COMPRESSION", "On", True),
        ("COMPRESSION", "1", True),
        ("COMPRESSION", "TRUE", True),
        ("SOCK_REUSE", "0", False),
        ("SOCK_REUSE", "oFF", False),
        ("SOCK_REUSE", "no", False),
        ("SOCK_REUSE", "False", False),
        ("NS_BCHOST", "bcast", "bcast"),
        ("NS_BCHOST", "", ""),
        ("NATHOST", "outside", "outside"),
        ("BROADCAST_ADDRS", "1.2.3.4, 5.6.7.8 ", ["1.2.3.4", "5.6.7.8"]),
        ("SERIALIZER", "json", "json"),
    ],
)
def test_the_environment_overrides(monkeypatch, name, text, value):
    monkeypatch.setenv(f"PYRO_{name}", text)
    fresh = configure.Configuration()
    assert getattr(fresh, name) == value
    fresh.reset(False)
    assert getattr(fresh, name) == DEFAULTS[name]
    fresh.reset()
    assert getattr(fresh, name) == value
    monkeypatch.delenv(f"PYRO_{name}")
    fresh.reset()
    assert getattr(fresh, name) == DEFAULTS[name]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("COMPRESSION", "perhaps"),
        ("NS_PORT", "x"),
        ("NS_PORT", ""),
        ("POLLTIMEOUT", "soon"),
    ],
)
def test_bad_values_in_the_environment(monkeypatch, name, text):
    monkeypatch.setenv(f"PYRO_{name}", text)
    with pytest.raises(ValueError):  # noqa: PT011  not the same words everywhere
        configure.Configuration()


def test_the_dump():
    lines = config.dump().splitlines()
    assert lines[0] == f"Pyro version: {Pyro5.__version__}"
    assert lines[1].startswith("Loaded from: ")
    assert os.path.dirname(Pyro5.__file__) in lines[1]
    assert lines[2].startswith("Python version: ")
    assert lines[3] == "Protocol version: 502"
    assert lines[4] == "Currently active global configuration settings:"
    items = [line.partition(" = ")[0] for line in lines[5:]]
    assert items == sorted(DEFAULTS)
    assert "BROADCAST_ADDRS = ['<broadcast>', '0.0.0.0']" in lines
    assert "NS_BCHOST = None" in lines
    assert "HOST = localhost" in lines
    assert not config.dump().endswith("\n")


def test_dump_prints(capsys):
    configure.dump()
    assert capsys.readouterr().out == config.dump() + "\n"


@pytest.mark.slow
def test_the_module_prints_and_ignores_arguments():
    command = [sys.executable, "-W", "ignore", "-m", "Pyro5.configure", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"Pyro version: {Pyro5.__version__}\nLoaded from: ")
    assert "\nHOST = localhost\n" in done.stdout


@pytest.mark.slow
def test_a_level_in_the_environment_sets_up_logging():
    code = "import logging, Pyro5; logging.getLogger('Pyro5.core').warning('hello'); "
    code += "print(Pyro5.config.LOGLEVEL, Pyro5.config.LOGFILE)"
    environ = {**os.environ, "PYRO_LOGLEVEL": "DEBUG", "PYRO_LOGFILE": "{stderr}"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    assert done.stdout == "DEBUG {stderr}\n"
    assert ",Pyro5.core,WARNING] hello" in done.stderr
