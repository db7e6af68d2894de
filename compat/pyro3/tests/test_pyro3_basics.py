"""The configuration, the logs, the start of a program, and what else the package has."""

from __future__ import annotations

import functools
import importlib
import io
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import Pyro.configuration
import Pyro.constants
import Pyro.core
import Pyro.errors
import Pyro.EventService.Clients
import Pyro.items
import Pyro.protocol
import Pyro.util
from certificates import Certificates
from Pyro.errors import ConnectionDeniedError, ProtocolError, PyroError
from Pyro.initializing import initialized

ENTRY = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[\d+:\S+\] \*\* (NOTE|WARN|ERR!) \*\* (.*) \*\* (.*)"
)


@pytest.fixture
def fresh() -> None:
    """Let the process not have been initialized."""
    setattr(Pyro.config, Pyro.constants.CFGITEM_PYRO_INITIALIZED, False)


@pytest.fixture(autouse=True)
def _no_loggers() -> Iterator[None]:
    """Take away what was set up for the module logging."""
    yield
    for name in ("Pyro", "Pyro.system", "Pyro.user"):
        logger = logging.getLogger(name)
        for handler in [*logger.handlers]:
            handler.close()
            logger.removeHandler(handler)
        logger.filters.clear()


def load(folder: Path, **environment: str) -> Pyro.items.Config:
    return Pyro.items.load(environment, str(folder))


def test_defaults(tmp_path: Path) -> None:
    active = load(tmp_path)
    assert str(tmp_path) == active.PYRO_STORAGE
    assert str(tmp_path / "Pyro_log") == active.PYRO_LOGFILE
    assert str(tmp_path / "certs") == active.PYROSSL_CERTDIR
    assert (active.PYRO_PORT, active.PYRO_PORT_RANGE) == (7766, 100)
    assert (active.PYRO_BC_RETRIES, active.PYRO_BC_TIMEOUT) == (1, 0.75)
    assert active.PYRO_NS_HOSTNAME is None
    assert active.PYRO_CONFIG_FILE == ""
    assert active.PYRO_MAXCONNECTIONS == 200


def test_the_environment_is_stronger_than_the_file(tmp_path: Path) -> None:
    (tmp_path / "Pyro.conf").write_text(
        "# a comment\n\nPYRO_PORT = 1234  and what follows\nPYRO_HOST=\n"
        "PYRO_NS_HOSTNAME=names\nPYRO_STORAGE=$CURDIR/kept\nPYRO_BC_TIMEOUT=2\n"
    )
    active = load(tmp_path, PYRO_NS_HOSTNAME="other", PYRO_NS_PORT="", PYRO_BC_RETRIES="-1")
    assert active.PYRO_PORT == 1234
    assert active.PYRO_HOST == ""
    assert active.PYRO_NS_HOSTNAME == "other"
    assert active.PYRO_NS_PORT == 9090  # an empty value is none
    assert active.PYRO_BC_RETRIES == -1
    assert type(active.PYRO_BC_TIMEOUT) is float
    assert str(tmp_path / "kept" / "Pyro_NS_URI") == active.PYRO_NS_URIFILE
    assert str(tmp_path / "Pyro.conf") == active.PYRO_CONFIG_FILE


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("PYRO_UNKNOWN=1", KeyError),
        ("rubbish", ValueError),
        ("PYRO_PORT=many", ValueError),
    ],
)
def test_files_with_rubbish(tmp_path: Path, text: str, error: type[Exception]) -> None:
    (tmp_path / "other.conf").write_text(text)
    with pytest.raises(error):
        load(tmp_path, PYRO_CONFIG_FILE="other.conf")


def test_a_file_that_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(PyroError, match=r"missing\.conf"):
        load(tmp_path, PYRO_CONFIG_FILE="missing.conf")


def test_unknown_items() -> None:
    with pytest.raises(AttributeError):
        _ = Pyro.config.PYRO_UNKNOWN
    Pyro.config.PYRO_UNKNOWN = 1
    assert Pyro.config.PYRO_UNKNOWN == 1


def test_the_active_configuration_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "some.conf"
    path.write_text("PYRO_PORT=7000\nWRONG=1\n")
    Pyro.config.PYRO_CONFIG_FILE = str(path)
    Pyro.configuration.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Pyro version: {Pyro.constants.VERSION}"
    assert any("WRONG" in line for line in lines)
    start = lines.index("Active configuration settings:") + 1
    assert lines[start:] == sorted(lines[start:])
    assert "PYRO_MAXCONNECTIONS=200" in lines


def test_environment_of_the_package_does_not_disturb_pyrophone() -> None:
    """K13: some names exist in both worlds, with other meanings."""
    script = (
        "import pyrophone, pyrophone.sync, Pyro.core; print(pyrophone.Settings().name_port)"
    )
    variables = {
        "PYRO_HOST": "elsewhere",
        "PYRO_NS_PORT": "1",
        "PYRO_COMPRESSION": "1",
        "PYRO_LOGFILE": "x",
        "PYRO_DETAILED_TRACEBACK": "1",
        "PYRO_NO_SUCH_ITEM": "1",
    }
    found = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stdout, found.stderr) == (0, "9090\n", "")


@pytest.mark.parametrize(
    ("kind", "level", "path"),
    [
        (Pyro.util.SystemLogger, "PYRO_TRACELEVEL", "PYRO_LOGFILE"),
        (Pyro.util.UserLogger, "PYRO_USER_TRACELEVEL", "PYRO_USER_LOGFILE"),
    ],
)
def test_logs(tmp_path: Path, kind: Any, level: str, path: str) -> None:
    setattr(Pyro.config, path, "log")  # below the storage
    writer = kind()
    file = tmp_path / "log"
    for number in range(4):
        setattr(Pyro.config, level, number)
        writer.msg("here", "note", number)
        writer.warn("here", "warning", number)
        writer.error("error alone")
    writer.raw("as it is")
    *entries, last = file.read_text().splitlines()
    found = [match.groups() for match in map(ENTRY.fullmatch, entries) if match]
    assert found == [
        ("ERR!", "N/A", "error alone"),
        ("WARN", "here", "warning 2"),
        ("ERR!", "N/A", "error alone"),
        ("NOTE", "here", "note 3"),
        ("WARN", "here", "warning 3"),
        ("ERR!", "N/A", "error alone"),
    ]
    assert last == "as it is"


def test_logs_by_the_module_logging(tmp_path: Path) -> None:
    Pyro.config.PYRO_STDLOGGING = 1
    Pyro.config.PYRO_LOGFILE = "system"
    Pyro.config.PYRO_TRACELEVEL = 2
    writer: Any = Pyro.util.Log
    writer.warn("here", "a", "text")
    Pyro.util.Log.msg("here", "not this")
    text = (tmp_path / "system").read_text()
    assert "WARNING Pyro.system ** here ** a text" in text
    assert "not this" not in text


def test_logs_by_a_file_for_the_module_logging(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    (tmp_path / "logging.cfg").write_text(
        "[loggers]\nkeys=root,system\n[handlers]\nkeys=file\n[formatters]\nkeys=plain\n"
        "[logger_root]\nhandlers=\n[logger_system]\nqualname=Pyro.system\nlevel=DEBUG\n"
        f"handlers=file\n[handler_file]\nclass=FileHandler\nargs=({str(target)!r},)\n"
        "formatter=plain\n[formatter_plain]\nformat=mine %(message)s\n"
    )
    Pyro.config.PYRO_STDLOGGING = 1
    Pyro.config.PYRO_TRACELEVEL = 1
    Pyro.util.Log.error("here", "text")
    assert target.read_text() == "mine ** here ** text\n"


@pytest.mark.parametrize("standard", [0, 1])
def test_a_log_that_can_not_be_written_is_no_failure(
    standard: int, capsys: pytest.CaptureFixture[str]
) -> None:
    Pyro.config.PYRO_STDLOGGING = standard
    Pyro.config.PYRO_LOGFILE = "missing/log"
    Pyro.config.PYRO_TRACELEVEL = 3
    Pyro.util.Log.msg("here", "text")
    assert "missing/log" in capsys.readouterr().err


@pytest.mark.usefixtures("fresh")
def test_only_the_first_start_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Pyro.config.PYRO_LOGFILE = "log"
    Pyro.config.PYRO_TRACELEVEL = 1
    Pyro.core.initClient(banner=1)
    Pyro.core.initServer(banner=1)
    version = Pyro.constants.VERSION
    assert capsys.readouterr().out == f"Pyro Client Initialized. Using Pyro V{version}\n"
    text = (tmp_path / "log").read_text()
    for line in ("NEW SESSION", "This is initClient.", "Init done.", "PYRO_PORT = 7766"):
        assert text.count(line) == 1


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="root can write everywhere")
@pytest.mark.usefixtures("fresh")
def test_servers_need_a_storage_that_they_can_write() -> None:
    Pyro.config.PYRO_STORAGE = "/proc/self"
    with pytest.raises(OSError, match=r"^no write access to PYRO_STORAGE \[/proc/self\]$"):
        Pyro.core.initServer()
    Pyro.core.initServer(storageCheck=0)


@pytest.mark.usefixtures("fresh")
def test_servers_check_the_storage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Pyro.config.PYRO_STORAGE = str(tmp_path / "deep" / "er")
    with pytest.raises(OSError, match="deep"):
        Pyro.core.initServer()
    (tmp_path / "file").touch()
    Pyro.config.PYRO_STORAGE = str(tmp_path / "file")
    with pytest.raises(OSError, match=r"PYRO_STORAGE is not a directory \[.*file\]"):
        initialized(server=True)
    Pyro.config.PYRO_STORAGE = str(tmp_path / "new")
    Pyro.core.initServer(banner=1)
    assert (tmp_path / "new").is_dir()
    version = Pyro.constants.VERSION
    assert capsys.readouterr().out == f"Pyro Server Initialized. Using Pyro V{version}\n"


@pytest.mark.usefixtures("fresh")
def test_the_check_can_be_left_out() -> None:
    Pyro.config.PYRO_STORAGE = "/no/such/directory"
    Pyro.core.initServer(storageCheck=0)


@pytest.mark.usefixtures("fresh")
def test_mobile_code_is_refused() -> None:
    Pyro.config.PYRO_MOBILE_CODE = 1
    for start in (Pyro.core.initClient, Pyro.core.initServer, Pyro.core.Daemon):
        with pytest.raises(PyroError, match="pass a proxy"):
            start()


def test_names_of_modules() -> None:
    for name in Pyro.errors.__all__:
        assert getattr(Pyro.core, name) is getattr(Pyro.errors, name)
    for name in ("util", "protocol", "errors", "constants"):
        assert getattr(Pyro.core, name) is importlib.import_module(f"Pyro.{name}")
    assert Pyro.constants.INTERNAL_DAEMON_GUID == "c0000000011000001000000010000001"
    assert [*Pyro.constants.deniedReasons] == [0, 1, 2, 3]
    for name in ("safe_select", "sock_sendmsg", "set_reuse_addr"):
        with pytest.raises(PyroError, match="is gone"):
            getattr(Pyro.protocol, name)
    with pytest.raises(AttributeError):
        _ = Pyro.protocol.unheard_of


CONSTANTS = {
    "VERSION": "3.16",
    "NAMESERVER_NAME": ":Pyro.NameServer",
    "EVENTSERVER_NAME": ":Pyro.EventService",
    "TRACEBACK_ATTRIBUTE": "remote_stacktrace",
    "DENIED_UNSPECIFIED": 0,
    "DENIED_SERVERTOOBUSY": 1,
    "DENIED_HOSTBLOCKED": 2,
    "DENIED_SECURITY": 3,
    "deniedReasons": {
        0: "unspecified reason",
        1: "server too busy",
        2: "host blocked",
        3: "security reasons",
    },
    "RIF_Varargs": 1,
    "RIF_Keywords": 2,
    "RIF_VarargsAndKeywords": 3,
    "RIF_Oneway": 4,
    "NSROLE_SINGLE": 0,
    "NSROLE_PRIMARY": 1,
    "NSROLE_SECONDARY": 2,
}
MEMBERS = {
    "protocol.DefaultConnValidator": "acceptHost createAuthChallenge mungeIdent "
    "createAuthToken acceptIdentification setAllowedIdentifications",
    "protocol.BasicSSLValidator": "checkCertificate",
    "protocol.TCPConnection": "sock close shutdown fileno",
    "protocol.TCPServer": "",
    "protocol.LocalStorage": "caller",
    "util.SystemLogger": "msg warn error raw",
    "util.UserLogger": "msg warn error raw",
    "util.ArgParser": "parse hasOpt getOpt printIgnored",
    "errors.PyroExceptionCapsule": "raiseEx args",
    "EventService.Clients.Publisher": "publish getES",
    "EventService.Clients.Subscriber": "subscribe subscribeMatch unsubscribe event listen "
    "abort setThreading getES",
    "EventService.Server.EventService": "subscribe subscribeMatch unsubscribe publish",
    "EventService.Server.EventServiceStarter": "start initialize waitUntilStarted "
    "getServerSockets handleRequests shutdown",
}


def test_constants() -> None:
    assert {name: getattr(Pyro.constants, name) for name in CONSTANTS} == CONSTANTS
    assert Pyro.constants.CFGITEM_PYRO_INITIALIZED


@pytest.mark.parametrize("name", MEMBERS)
def test_members_of_classes(name: str) -> None:
    cls = functools.reduce(getattr, name.split("."), Pyro)
    assert [member for member in MEMBERS[name].split() if not hasattr(cls, member)] == []


def test_what_was_deprecated_says_what_to_do_instead() -> None:
    for name in ("Pyro.ext", "Pyro.ext.remote_nons"):
        with pytest.raises(ImportError, match="pyrophone serve"):
            importlib.import_module(name)


def test_the_tree_of_errors() -> None:
    errors = Pyro.errors
    assert errors.TimeoutError.__mro__[1:4] == (
        errors.ConnectionClosedError,
        errors.ProtocolError,
        errors.PyroError,
    )
    assert issubclass(errors.ConnectionDeniedError, errors.ProtocolError)
    for name in ("URIError", "DaemonError", "NamingError", "NoModuleError"):
        assert getattr(errors, name).__base__ is PyroError
    capsule = errors.PyroExceptionCapsule(ValueError(1), ("why",))
    assert not isinstance(capsule, Exception)
    assert capsule.args == ("why",)
    assert errors.PyroExceptionCapsule(ValueError(1), "why").args == "why"
    assert errors.PyroExceptionCapsule(ValueError(1, 2)).args == (1, 2)
    with pytest.raises(ValueError, match="1"):
        capsule.raiseEx()


def test_command_lines(capsys: pytest.CaptureFixture[str]) -> None:
    parser = Pyro.util.ArgParser()
    parser.parse(["-a", "-xb", "value", "-c7", "-d", "rest", "-e"], "ab:c:d:")
    assert parser.options == {"a": None, "b": "value", "c": "7", "d": "rest"}
    assert parser.ignored == ["-x", "-e"]
    assert parser.hasOpt("a")
    assert parser.getOpt("c") == "7"
    assert parser.getOpt("z", 5) == 5
    with pytest.raises(KeyError, match="no such option"):
        parser.getOpt("z")
    parser.parse(["one", "-a"], "a")
    assert (parser.args, parser.options) == (["one", "-a"], {})
    parser.parse(["-b"], "b:")
    assert parser.getOpt("b") is None
    parser.parse(["-q", "left"], "")
    parser.printIgnored()
    assert capsys.readouterr().out == "Ignored options: -q\nIgnored arguments: left\n"


def test_identities(capsys: pytest.CaptureFixture[str]) -> None:
    assert re.fullmatch("[0-9a-f]{32}", Pyro.util.getGUID())
    assert Pyro.util.getGUID() != Pyro.util.getGUID()
    assert Pyro.util.genguid_scripthelper([]) == 0
    assert len(capsys.readouterr().out) == 33
    assert Pyro.util.genguid_scripthelper(["x"]) != 0
    usage = capsys.readouterr().out.splitlines()
    assert usage[0] == "Usage: genguid  (no arguments)"
    assert len(usage) == 2


def test_what_else_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Pyro.util.supports_multithreading() == Pyro.util.supports_compression() == 1
    with Pyro.util.getLockObject(), Pyro.util.getRLockObject():
        assert isinstance(Pyro.util.getEventObject(), threading.Event)
    assert Pyro.protocol.getHostname()
    assert Pyro.protocol.getHostname("not an address") is None
    assert Pyro.protocol.getIPAddress("localhost") == "127.0.0.1"
    assert Pyro.protocol.getIPAddress("no.such.host.invalid") is None
    for protocol in ("PYRO", "PYROSSL"):
        assert isinstance(
            Pyro.protocol.getProtocolAdapter(protocol), Pyro.protocol.PYROAdapter
        )
    with pytest.raises(ProtocolError, match="unsupported protocol"):
        Pyro.protocol.getProtocolAdapter("FOO")
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    error = ValueError("text")
    error.remote_stacktrace = ["far away\n"]  # type: ignore[attr-defined]
    Pyro.util.excepthook(ValueError, error, None)
    assert screen.getvalue().startswith("ValueError: text\n")


def test_detailed_tracebacks() -> None:
    Pyro.config.PYRO_DETAILED_TRACEBACK = 1
    try:
        secret = ["value"]
        raise KeyError(*secret)
    except KeyError:
        text = "".join(Pyro.util.formatTraceback())
        assert "Extended stacktrace follows" in text
        assert "KeyError" in "".join(Pyro.util.getPyroTraceback())
    assert Pyro.util.getPyroTraceback() == []


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


class Echo(Pyro.core.ObjBase):
    def echo(self, value: Any) -> Any:
        return value


def present(pair: Any, authority: Path) -> None:
    Pyro.config.PYROSSL_CERTDIR = ""
    Pyro.config.PYROSSL_CA_CERT = str(authority)
    Pyro.config.PYROSSL_CERT = str(pair.certificate)
    Pyro.config.PYROSSL_KEY = str(pair.key)


def test_tls_both_ways(files: Certificates, running: Any, threaded: int) -> None:
    present(files.server, files.authority)
    Pyro.config.PYRO_DNS_URI = 1  # the name is in the certificate
    daemon = running(prtcol="PYROSSL")
    uri = daemon.connect(Echo(), "a")
    assert uri.protocol == "PYROSSL"
    present(files.client, files.authority)
    assert uri.getProxy().echo(b"x" * 100_000) == b"x" * 100_000
    place = Pyro.core.getProxyForURI(f"PYROLOCSSL://localhost:{daemon.port}/a")
    assert place.echo(1) == 1
    assert str(place.URI) == str(uri)

    class Strict(Pyro.protocol.BasicSSLValidator):
        def checkCertificate(self, cert: Any) -> Any:
            assert cert["subject"]
            return 0, Pyro.constants.DENIED_SECURITY

    daemon.setNewConnectionValidator(Strict())
    with pytest.raises(ConnectionDeniedError, match="security reasons"):
        uri.getProxy().echo(1)
    uri.protocol = "PYRO"
    with pytest.raises(ProtocolError):
        uri.getProxy().echo(1)


def test_a_missing_certificate_is_refused() -> None:
    validator = Pyro.protocol.BasicSSLValidator()
    assert validator.checkCertificate(None) == (0, Pyro.constants.DENIED_SECURITY)
