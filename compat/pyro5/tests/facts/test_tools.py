"""Commands: name server control, name server, echo server."""

import io
import threading

import pytest

import Pyro5.nameserver
from Pyro5 import config, errors, nsc
from Pyro5.api import Daemon, Proxy
from Pyro5.nameserver import NameServer, NameServerDaemon
from Pyro5.utils import echoserver, httpgateway

HERE = "PYRO:object@localhost:9999"
QUESTION = "Potentially removing lots of items from the Name server. Are you sure (y/n)?"


@pytest.fixture
def names():
    made = NameServer()
    made.register("one", HERE, metadata=["a"])
    made.register("two", "PYRO:two@host:1")
    made.register("ten", "PYRO:ten@host:1")
    return made


@pytest.mark.parametrize(
    ("command", "arguments", "expected"),
    [
        ("ping", [], "Name server ping ok.\n"),
        (
            "list",
            [],
            "--------START LIST \n"
            f"one --> {HERE}\n    metadata: {{'a'}}\n"
            "ten --> PYRO:ten@host:1\n"
            "two --> PYRO:two@host:1\n"
            "--------END LIST \n",
        ),
        (
            "list",
            ["t"],
            "--------START LIST - prefix 't'\n"
            "ten --> PYRO:ten@host:1\n"
            "two --> PYRO:two@host:1\n"
            "--------END LIST - prefix 't'\n",
        ),
        (
            "listmatching",
            [".*n$"],
            "--------START LIST - regex '.*n$'\n"
            "ten --> PYRO:ten@host:1\n"
            "--------END LIST - regex '.*n$'\n",
        ),
        ("lookup", ["two"], "PYRO:two@host:1\n"),
        ("lookup", ["one"], f"{HERE}\nmetadata: {{'a'}}\n"),
        ("register", ["new", HERE], "Registered new\n"),
        ("remove", ["one"], "Removed one\n"),
        ("remove", ["nosuch"], "Nothing removed\n"),
        ("setmeta", ["one", "x", "y"], "Metadata updated\n"),
        ("setmeta", ["one"], "Metadata cleared\n"),
        (
            "yplookup_all",
            ["a"],
            "--------START LIST  - searched by metadata\n"
            f"one --> {HERE}\n    metadata: {{'a'}}\n"
            "--------END LIST  - searched by metadata\n",
        ),
        (
            "yplookup_any",
            ["x", "y"],
            "--------START LIST  - searched by metadata\n"
            "--------END LIST  - searched by metadata\n",
        ),
    ],
)
def test_control(names, capsys, command, arguments, expected):
    nsc.handle_command(names, command, arguments)
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize(("answer", "removed"), [("y", 2), ("Y", 2), ("n", 0), ("", 0)])
def test_removing_many(names, capsys, monkeypatch, answer, removed):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{answer}\n"))
    nsc.handle_command(names, "removematching", ["t.*"])
    expected = f"{removed} items removed.\n" if removed else ""
    assert capsys.readouterr().out in {QUESTION + expected, f"{QUESTION} {expected}"}
    assert names.count() == 3 - removed


@pytest.mark.parametrize(
    ("command", "arguments", "error", "text"),
    [
        ("lookup", ["nosuch"], errors.NamingError, "unknown name: nosuch"),
        ("register", ["one", HERE], errors.NamingError, "name already registered: one"),
        ("register", ["x", "bogus"], errors.PyroError, "invalid uri"),
        ("listmatching", ["(("], errors.NamingError, "invalid regex"),
        ("setmeta", ["nosuch", "a"], errors.NamingError, "unknown name: nosuch"),
    ],
)
def test_control_that_fails(names, capsys, command, arguments, error, text):
    with pytest.raises(error):
        nsc.handle_command(names, command, arguments)
    assert capsys.readouterr().out.startswith(f"Error: {error.__name__} - {text}")


def test_an_unknown_command(names, capsys):
    with pytest.raises(KeyError):
        nsc.handle_command(names, "nosuch", [])
    assert capsys.readouterr().out == "Error: KeyError - 'nosuch'\n"


@pytest.mark.parametrize(
    ("command", "arguments", "text"),
    [
        ("lookup", [], "requires one argument: name"),
        ("register", ["x"], "requires two arguments: name uri"),
        ("remove", [], "requires one argument: name"),
        ("listmatching", [], "requires one argument: pattern"),
        ("removematching", [], "requires one argument: pattern"),
        ("setmeta", [], None),
        ("yplookup_all", [], None),
        ("yplookup_any", [], None),
    ],
)
def test_missing_arguments(names, command, arguments, text):
    with pytest.raises(SystemExit) as info:
        nsc.handle_command(names, command, arguments)
    assert str(info.value).startswith("requires ")
    assert text is None or str(info.value) == text


@pytest.mark.parametrize(
    "main",
    [nsc.main, Pyro5.nameserver.main, echoserver.main, httpgateway.main],
    ids=["nsc", "ns", "echoserver", "gateway"],
)
def test_usage(main, capsys):
    with pytest.raises(SystemExit) as info:
        main(["--invalidarg"])
    assert info.value.code == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("usage: ")
    assert shown.out == ""
    with pytest.raises(SystemExit) as info:
        main(["-h"])
    assert info.value.code in {0, None}
    shown = capsys.readouterr()
    assert shown.out.startswith("usage: ")
    assert "--help" in shown.out
    assert shown.err == ""


def test_the_whole_control_command(start, capsys):
    daemon = start(NameServerDaemon(port=0))
    host, _, port = daemon.locationStr.partition(":")
    nsc.main(["-n", host, "-p", port, "ping"])
    assert capsys.readouterr().out == "Name server ping ok.\n"
    nsc.main(["--host", host, "--port", port, "-v", "list"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Locating name server..."
    assert lines[1].startswith("Name server found: PYRO:Pyro.NameServer@localhost:")
    assert lines[2] == "--------START LIST "
    assert lines[3].startswith("Pyro.NameServer --> PYRO:Pyro.NameServer@")
    assert lines[4] == "    metadata: {'class:Pyro5.nameserver.NameServer'}"
    assert lines[5] == "--------END LIST "
    assert lines[-1] == "Done."


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
        ValueError, match=r"^this is the generated error from echoserver echo\(\) method$"
    ):
        echo.error()
    with pytest.raises(ValueError, match=r"^the message of the error$"):
        echo.error_with_text()


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
        with pytest.raises(ValueError, match="generated error"):
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


def test_what_the_echo_server_tells(capsys):
    daemon, _, uri = echoserver.main(["-v", "-H", "127.0.0.1"], returnWithoutLooping=True)
    daemon.close()
    assert capsys.readouterr().out.splitlines() == [
        "Starting Pyro's built-in test echo server.",
        "not using a name server.",
        "object name: test.echoserver",
        f"echo uri: {uri}",
        "echoserver running.",
    ]


@pytest.mark.slow
def test_the_echo_server_with_names(capsys):
    arguments = ["--nameserver", "--naming", "-q"]
    config.NS_PORT = Pyro5.socketutil.find_probably_unused_port()
    config.NS_BCPORT = 0
    daemon, _, uri = echoserver.main(arguments, returnWithoutLooping=True)
    try:
        with Pyro5.api.locate_ns("localhost") as ns:
            assert ns.lookup("test.echoserver") == uri
    finally:
        daemon.close()


def test_a_name_server_in_a_thread():
    config.NS_PORT = Pyro5.socketutil.find_probably_unused_port()
    thread = echoserver.start_nameserver("localhost")
    assert isinstance(thread, echoserver.NameServer)
    assert isinstance(thread, threading.Thread)
    with Pyro5.api.locate_ns("localhost", broadcast=False) as ns:
        ns.ping()
