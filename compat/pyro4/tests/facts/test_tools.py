"""The commands, called as functions: nsc, the name server, the echo server."""

import io
import optparse
import threading

import pytest

import Pyro4.naming
from Pyro4 import config, nsc, socketutil
from Pyro4.core import Daemon, Proxy
from Pyro4.naming import NameServer, NameServerDaemon, locateNS
from Pyro4.test import echoserver
from Pyro4.utils import flameserver, httpgateway

HERE = "PYRO:object@localhost:9999"


class Options:
    """What a command line may have said."""

    verbose = False
    host = port = unixsocket = key = None


@pytest.fixture
def names():
    made = NameServer()
    made.register("one", HERE, metadata=["a"])
    made.register("one.two", HERE)
    made.register("three", HERE, metadata=["b"])
    return made


ONE = f"one --> {HERE}\n    metadata: ['a']\n"
TWO = f"one.two --> {HERE}\n"
THREE = f"three --> {HERE}\n    metadata: ['b']\n"


def listed(title, *lines):
    text = "".join(lines)
    return f"--------START LIST {title}\n{text}--------END LIST {title}\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["ping"], "Name server ping ok.\n"),
        (["list"], listed("", ONE, TWO, THREE)),
        (["list", "one"], listed("- prefix 'one'", ONE, TWO)),
        (["list", "nosuch"], listed("- prefix 'nosuch'")),
        (["listmatching", "one.*"], listed("- regex 'one.*'", ONE, TWO)),
        (["listmatching", "three"], listed("- regex 'three'", THREE)),
        (["listmeta_all", "a"], listed(" - searched by metadata", ONE)),
        (["listmeta_all", "a", "b"], listed(" - searched by metadata")),
        (["listmeta_any", "a", "b"], listed(" - searched by metadata", ONE, THREE)),
        (["lookup", "one"], f"{HERE}\nmetadata: ['a']\n"),
        (["lookup", "one.two"], f"{HERE}\n"),
        (["register", "new", HERE], "Registered new\n"),
        (["remove", "one"], "Removed one\n"),
        (["remove", "nosuch"], "Nothing removed\n"),
        (["setmeta", "one", "x", "y"], "Metadata updated\n"),
        (["setmeta", "one"], "Metadata cleared\n"),
        (["lookup", "nosuch"], "Error: NamingError - unknown name: nosuch\n"),
        (["register", "one", HERE], "Error: NamingError - name already registered: one\n"),
        (["setmeta", "nosuch"], "Error: NamingError - unknown name: nosuch\n"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_commands(names, capsys, arguments, expected):
    assert nsc.handleCommand(names, Options, arguments) is None
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        (["listmatching", "(("], "Error: NamingError - invalid regex: "),
        (["register", "x", "bogus"], "Error: PyroError - invalid uri"),
    ],
)
def test_failing_commands(names, capsys, arguments, start):
    nsc.handleCommand(names, Options, arguments)
    assert capsys.readouterr().out.startswith(start)


def test_what_commands_do(names, capsys):
    nsc.handleCommand(names, Options, ["register", "new", HERE])
    assert str(names.lookup("new")) == HERE
    nsc.handleCommand(names, Options, ["setmeta", "new", "x", "y", "x"])
    assert sorted(names.lookup("new", return_metadata=True)[1]) == ["x", "y"]
    nsc.handleCommand(names, Options, ["setmeta", "new"])
    assert names.lookup("new", return_metadata=True)[1] == []
    nsc.handleCommand(names, Options, ["remove", "new"])
    assert "new" not in names.list()
    capsys.readouterr()


@pytest.mark.parametrize(
    ("answer", "left", "text"), [("y\n", 1, "2 items removed.\n"), ("n\n", 3, "")]
)
def test_removing_many(names, capsys, monkeypatch, answer, left, text):
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    nsc.handleCommand(names, Options, ["removematching", "one"])
    assert names.count() == left
    out = capsys.readouterr().out
    assert "(y/n)" in out
    assert out.endswith(text)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["lookup"], "requires one argument: name"),
        (["register", "x"], "requires two arguments: name uri"),
        (["register"], "requires two arguments: name uri"),
        (["remove"], "requires one argument: name"),
        (["listmatching"], "requires one argument: pattern"),
        (["removematching"], "requires one argument: pattern"),
        (["setmeta"], "requires at least 2 arguments: uri and zero or more meta tags"),
        (["listmeta_all"], "requires at least one metadata tag argument"),
        (["listmeta_any"], "requires at least one metadata tag argument"),
    ],
)
def test_missing_arguments(names, arguments, text):
    with pytest.raises(SystemExit) as info:
        nsc.handleCommand(names, Options, arguments)
    assert str(info.value) == text


def test_options_of_any_kind(names, capsys):
    nsc.handleCommand(names, optparse.Values({"verbose": False}), ["ping"])
    assert capsys.readouterr().out == "Name server ping ok.\n"


@pytest.mark.parametrize(
    "main",
    [nsc.main, Pyro4.naming.main, echoserver.main, flameserver.main, httpgateway.main],
    ids=["nsc", "ns", "echoserver", "flameserver", "gateway"],
)
def test_usage(main, capsys):
    with pytest.raises(SystemExit) as info:
        main(["--invalidarg"])
    assert info.value.code == 2
    shown = capsys.readouterr()
    assert shown.err.lower().startswith("usage: ")
    assert "no such option: --invalidarg" in shown.err
    assert shown.out == ""
    with pytest.raises(SystemExit) as info:
        main(["-h"])
    assert info.value.code in {0, None}
    shown = capsys.readouterr()
    assert shown.out.lower().startswith("usage: ")
    assert "--help" in shown.out
    assert shown.err == ""


@pytest.mark.parametrize(
    ("main", "options"),
    [
        (nsc.main, "-n --host -p --port -u --unixsocket -k --key -v --verbose"),
        (
            Pyro4.naming.main,
            "-n --host -p --port -u --unixsocket -s --storage --bchost --bcport --nathost "
            "--natport -x --nobc -k --key",
        ),
        (
            echoserver.main,
            "-H --host -p --port -u --unixsocket -n --naming -N --nameserver -v --verbose -q "
            "--quiet -k --key",
        ),
        (flameserver.main, "-H --host -p --port -u --unixsocket -q --quiet -k --key"),
        (
            httpgateway.main,
            "-H --host -p --port -e --expose -k --pyrokey -g --gatewaykey -t --timeout",
        ),
    ],
    ids=["nsc", "ns", "echoserver", "flameserver", "gateway"],
)
def test_options(main, options, capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out.replace(",", " ").replace("=", " ").split()
    assert set(options.split()) <= set(shown)


@pytest.mark.parametrize("arguments", [[], ["bogus"], ["bogus", "x"]])
def test_unknown_commands(arguments, capsys):
    with pytest.raises(SystemExit) as info:
        nsc.main(arguments)
    assert info.value.code == 2
    assert "invalid or missing command" in capsys.readouterr().err


@pytest.fixture
def running(start):
    """Options that lead to a name server, and its URI."""
    daemon = start(NameServerDaemon(port=0))
    host, _, port = daemon.locationStr.partition(":")
    return ["-n", host, "-p", port], daemon.uriFor("Pyro.NameServer")


def test_the_whole_control_command(running, capsys):
    options, uri = running
    nsc.main([*options, "ping"])
    assert capsys.readouterr().out == "Name server ping ok.\n"
    own = f"Pyro.NameServer --> {uri}\n    metadata: ['class:Pyro4.naming.NameServer']\n"
    nsc.main([*options, "list"])
    assert capsys.readouterr().out == listed("", own)
    nsc.main([*options, "-v", "list"])
    assert capsys.readouterr().out == (
        f"Locating name server...\nName server found: {uri}\n{listed('', own)}Done.\n"
    )
    nsc.main([*options, "lookup", "nosuch"])
    assert capsys.readouterr().out == "Error: NamingError - unknown name: nosuch\n"
    nsc.main([*options, "-v", "register", "x", "bad"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("Error: PyroError - invalid uri")
    assert lines[3] == "Done."
    with pytest.raises(SystemExit, match="requires one argument: name"):
        nsc.main([*options, "lookup"])


def test_the_control_command_without_name_server(capsys):
    port = socketutil.findProbablyUnusedPort()
    assert nsc.main(["-n", "localhost", "-p", str(port), "ping"]) is None
    assert capsys.readouterr().out == "Error: Failed to locate the nameserver\n"


@pytest.mark.parametrize("main", [nsc.main, echoserver.main], ids=["nsc", "echoserver"])
def test_two_keys(main, monkeypatch):
    monkeypatch.setenv("PYRO_HMAC_KEY", "one")
    with pytest.raises(SystemExit) as info, pytest.warns(UserWarning, match="key"):
        main(["-k", "two", "ping"])
    assert info.value.code not in {0, None}


def test_keys_are_deprecated(running, capsys):
    options, _ = running
    with pytest.warns(UserWarning, match="key"):
        nsc.main([*options, "-k", "key", "ping"])
    assert capsys.readouterr().out == "Error: Failed to locate the nameserver\n"


# The echo server.


def test_the_echo_object():
    echo = echoserver.EchoServer()
    assert echo.echo([1, "x"]) == [1, "x"]
    echo.oneway_echo("x")
    assert list(echo.generator()) == ["one", "two", "three"]
    assert echo.nan() != echo.nan()
    assert echo.inf() == float("inf")
    assert echo.__dunder__() == "should be allowed (dunder)"
    assert echo.verbose is False
    with pytest.raises(
        ValueError, match=r"^expected error from echoserver error\(\) method$"
    ):
        echo.error()
    with pytest.raises(ValueError, match=r"^the message of the error$"):
        echo.error_with_text()


def test_the_echo_object_talks_if_verbose(capsys):
    echo = echoserver.EchoServer()
    echo.verbose = True
    echo.echo("hello")
    assert capsys.readouterr().out.endswith(" - echo: 'hello'\n")


@pytest.fixture
def echo_daemon(capsys):
    daemon, echo, uri = echoserver.main(["-q"], returnWithoutLooping=True)
    assert capsys.readouterr().out == ""
    thread = threading.Thread(
        target=daemon.requestLoop, args=(lambda: not echo._must_shutdown,)
    )
    thread.start()
    yield daemon, echo, uri
    echo._must_shutdown = True
    daemon.shutdown()
    thread.join(5)
    assert not thread.is_alive()


def test_the_echo_server(echo_daemon):
    daemon, echo, uri = echo_daemon
    assert isinstance(daemon, Daemon)
    assert isinstance(echo, echoserver.EchoServer)
    assert uri.object == "test.echoserver"
    assert uri == daemon.uriFor(echo)
    assert config.SERVERTYPE == "multiplex"
    with Proxy(uri) as proxy:
        assert proxy.echo("hello") == "hello"
        assert proxy.oneway_echo("hello") is None
        assert list(proxy.generator()) == ["one", "two", "three"]
        assert proxy.nan() != proxy.nan()
        assert proxy.__dunder__() == "should be allowed (dunder)"
        with pytest.raises(ValueError, match="expected error"):
            proxy.error()
        with pytest.raises(AttributeError):
            proxy._private()
        assert proxy._pyroOneway >= {"oneway_echo", "oneway_slow"}
        assert proxy._pyroAttrs == {"verbose"}
        assert proxy.verbose is False
        proxy.verbose = True
        assert echo.verbose is True
        proxy.verbose = False
        proxy.shutdown()
        assert echo._must_shutdown is True


WARNING = "Warning: HMAC key not set. Anyone can connect to this server!"


def test_what_the_echo_server_tells(capsys):
    daemon, _, uri = echoserver.main(["-v", "-H", "127.0.0.1"], returnWithoutLooping=True)
    daemon.close()
    assert uri.host == "127.0.0.1"
    assert capsys.readouterr().out.splitlines() == [
        "Starting Pyro's built-in test echo server.",
        WARNING,
        "not using a name server.",
        "object name: test.echoserver",
        f"echo uri: {uri}",
        "echoserver running.",
    ]


def test_the_echo_server_with_a_key(capsys, monkeypatch):
    monkeypatch.setenv("PYRO_HMAC_KEY", "key")
    daemon, _, _ = echoserver.main([], returnWithoutLooping=True)
    daemon.close()
    assert daemon._pyroHmacKey == b"key"
    assert WARNING not in capsys.readouterr().out


def test_the_echo_server_on_a_unix_socket(capsys, tmp_path):
    path = str(tmp_path / "echo")
    daemon, _, uri = echoserver.main(["-u", path], returnWithoutLooping=True)
    daemon.close()
    assert str(uri) == f"PYRO:test.echoserver@./u:{path}"


@pytest.mark.slow
def test_the_echo_server_with_names(capsys):
    config.NS_PORT = socketutil.findProbablyUnusedPort()
    config.NS_BCPORT = 0
    daemon, _, uri = echoserver.main(["-v", "--nameserver"], returnWithoutLooping=True)
    try:
        with locateNS("localhost") as ns:
            assert ns.lookup("test.echoserver") == uri
            where = ns._pyroUri
        lines = capsys.readouterr().out.splitlines()
        assert f"using name server at {where}" in lines
        assert "not using a broadcast server" in lines
    finally:
        daemon.close()


def test_a_name_server_in_a_thread():
    config.NS_PORT = socketutil.findProbablyUnusedPort()
    thread = echoserver.startNameServer("localhost")
    assert isinstance(thread, echoserver.NameServer)
    assert isinstance(thread, threading.Thread)
    with locateNS("localhost", broadcast=False) as ns:
        ns.ping()
