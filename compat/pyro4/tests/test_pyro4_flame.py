"""Flame: off unless asked; then modules, code, files and a console of another process."""

from __future__ import annotations

import builtins
import copy
import os
import pickle
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import Pyro4
from commands import OURS, commands, lines
from peers import real_python
from Pyro4 import errors
from Pyro4.utils import consoles, flame, flameserver


@pytest.fixture(autouse=True)
def _on() -> None:
    """Switch Flame on, for servers and clients."""
    Pyro4.config.FLAME_ENABLED = True
    Pyro4.config.SERIALIZER = "pickle"
    Pyro4.config.SERIALIZERS_ACCEPTED = {"pickle"}


@pytest.fixture(autouse=True)
def _same_modules() -> Iterator[None]:
    """Forget the modules that a test made."""
    names = set(vars(flame))
    yield
    for name in [name for name in sys.modules if name.startswith(("helpers", "one."))]:
        del sys.modules[name]
    sys.modules.pop("one", None)
    for name in set(vars(flame)) - names:
        delattr(flame, name)


@pytest.fixture
def server(running: Callable[[Any], Any]) -> Any:
    """A daemon that has Flame."""
    daemon = Pyro4.Daemon()
    flame.start(daemon)
    return running(daemon)


@pytest.fixture
def client(server: Any) -> Iterator[Any]:
    """Its client."""
    with flame.connect(server.locationStr) as proxy:
        yield proxy


# When it is to be had.


def test_it_is_off_until_it_is_asked_for() -> None:
    Pyro4.config.reset(useenvironment=False)
    assert Pyro4.config.FLAME_ENABLED is False
    with Pyro4.Daemon() as daemon:
        with pytest.raises(errors.SecurityError, match="Flame is disabled"):
            flame.start(daemon)


@pytest.mark.parametrize("accepted", [{"serpent"}, {"pickle", "json"}, set[str]()])
def test_pickle_must_be_the_only_serializer(accepted: set[str]) -> None:
    with Pyro4.Daemon() as daemon:
        Pyro4.config.SERIALIZERS_ACCEPTED = accepted
        with pytest.raises(errors.SerializeError, match="Flame requires the pickle"):
            flame.start(daemon)
    with pytest.raises(RuntimeError, match="flame requires the pickle serializer excl"):
        flame.Flame()


def test_a_client_must_speak_pickle() -> None:
    Pyro4.config.SERIALIZER = "serpent"
    with pytest.raises(errors.SerializeError, match="Flame requires the pickle serializer"):
        flame.connect("localhost:1")


def test_a_client_that_does_not_speak_pickle_is_refused(server: Any) -> None:
    Pyro4.config.SERIALIZER = "serpent"
    with Pyro4.Proxy(f"PYRO:Pyro.Flame@{server.locationStr}") as proxy:
        with pytest.raises(errors.CommunicationError, match="serializer"):
            proxy.evaluate("1")


def test_a_server_may_have_a_file_for_a_socket(
    running: Callable[[Any], Any], tmp_path: Path
) -> None:
    daemon = running(Pyro4.Daemon(unixsocket=str(tmp_path / "flame")))
    flame.start(daemon)
    with flame.connect(f"./u:{tmp_path / 'flame'}") as proxy:
        assert proxy.evaluate("1 + 1") == 2
        with proxy.module("os") as module:
            assert module.getpid() == os.getpid()


def test_where_nothing_is() -> None:
    with pytest.raises(errors.CommunicationError, match="refused"):
        flame.connect("localhost:1")
    with pytest.raises(errors.PyroError):
        flame.connect("nowhere")


def test_it_has_its_own_id(server: Any, client: Any) -> None:
    assert str(client._pyroUri) == f"PYRO:Pyro.Flame@{server.locationStr}"
    assert client._pyroConnection is not None
    expected = "builtin console evaluate execute getfile getmodule invokeBuiltin "
    expected += "invokeModule module sendfile sendmodule"
    assert client._pyroMethods == set(expected.split())
    with pytest.raises(errors.DaemonError, match="already"):
        flame.start(server)


# What it does.


def test_modules(client: Any) -> None:
    with client.module("os") as there:
        assert there.path.join("a", "b") == "a/b"
        assert there.getcwd() == os.getcwd()
        with pytest.raises(AttributeError, match="nope"):
            there.nope()
        with pytest.raises(TypeError, match="not callable"):
            there.name()
    assert client.module("os.path").join("x", "y") == "x/y"
    with pytest.raises(ModuleNotFoundError):
        client.module("no.such.module")


def test_builtins(client: Any) -> None:
    with client.builtin("max") as largest:
        assert largest([3, 22, 4]) == 22
        assert largest("ab", "abc", key=len) == "abc"
    with pytest.raises(AttributeError, match="nope"):
        client.builtin("nope")()


def test_code_runs_among_the_names_of_the_module(client: Any) -> None:
    client.execute("answer = 42\r\nother = 1\r\n")
    assert client.evaluate("answer + other") == 43
    assert client.evaluate("__name__") == "Pyro4.utils.flame"
    with pytest.raises(ZeroDivisionError):
        client.evaluate("1/0")
    with pytest.raises(SyntaxError, match="<remote-code>"):
        client.execute("nope nope")


def test_modules_can_be_sent_and_fetched(client: Any) -> None:
    source = "def double(x):\n    return 2 * x\n"
    client.sendmodule("helpers.numbers", source)
    assert client.module("helpers.numbers").double(21) == 42
    assert client.invokeModule("helpers.numbers.double", (1,), {}) == 2
    assert client.getmodule("helpers.numbers") == source
    assert client.getmodule("bisect").startswith('"""Bisection')
    with pytest.raises(TypeError, match="is a built-in module"):
        client.getmodule("sys")


def test_files(client: Any, tmp_path: Path) -> None:
    name = str(tmp_path / "file")
    client.sendfile(name, b"abc")
    assert stat.S_IMODE(os.stat(name).st_mode) == 0o600
    assert client.getfile(name) == b"abc"
    with pytest.raises(TypeError):
        client.sendfile(name, "text")
    assert client.getfile(name) == b"abc"
    os.chmod(name, 0o644)
    client.sendfile(name, b"z")
    assert stat.S_IMODE(os.stat(name).st_mode) == 0o600
    assert client.getfile(name) == b"z"
    with pytest.raises(FileNotFoundError):
        client.getfile(str(tmp_path / "other"))


def test_a_key_is_needed_for_everything_and_travels_along(server: Any) -> None:
    server._pyroHmacKey = b"secret"
    with pytest.raises(errors.CommunicationError):
        flame.connect(server.locationStr)
    with flame.connect(server.locationStr, hmac_key="secret") as proxy:
        with proxy.module("os") as module, proxy.builtin("max") as largest:
            assert module.getcwd() == os.getcwd()
            assert largest(1, 2) == 2
        with proxy.console() as console:
            assert console.remoteconsole.push_and_get_output("1") == ("1\n", False)


# What stands for what is there.


def test_stand_ins_can_be_pickled_and_shown(server: Any, client: Any) -> None:
    for made, words in (
        (client.module("os"), "FlameModule at .*; module 'os'"),
        (client.builtin("max"), "FlameBuiltin at .*; builtin 'max'"),
        (client.console(), "RemoteInteractiveConsole at .*; for"),
    ):
        assert type(made).__module__ == "Pyro4.utils.flame"
        again = pickle.loads(pickle.dumps(made))
        assert type(copy.copy(made)) is type(again) is type(made)
        for shown in (repr(made), repr(again)):
            assert shown.startswith("<Pyro4.utils.flame.")
            assert shown.endswith(f"{server.locationStr}>")
            assert words.split()[0] in shown
            assert words.rpartition("; ")[2] in shown
        for attribute in ("flameserver", "remoteconsole"):
            proxy = vars(made).get(attribute)
            if proxy is not None:
                assert vars(again)[attribute] == proxy
                proxy._pyroRelease()


def test_a_pickle_has_what_the_real_ones_have(client: Any) -> None:
    module = client.module("os")
    assert set(vars(module)) == {"flameserver", "module"}
    assert set(vars(client.builtin("max"))) == {"flameserver", "builtin"}
    assert b"Pyro4.utils.flame" in pickle.dumps(module)
    assert b"FlameModule" in pickle.dumps(module)


# Modules that are made.


def test_a_module_is_made_with_its_packages() -> None:
    names: dict[str, Any] = {}
    made = flame.createModule("one.two", "def f(): return __name__", "<two>", names)
    assert (made.__name__, made.f(), made.f.__code__.co_filename) == (
        "one.two",
        "one.two",
        "<two>",
    )
    assert sys.modules["one.two"] is made is names["one"].two
    assert sys.modules["one"] is names["one"]
    assert flame.createModule("one.two", "g = 1") is made
    assert (made.g, made.f()) == (1, "one.two")


def test_source_that_is_none_makes_no_module() -> None:
    with pytest.raises(SyntaxError, match="<dynamic-module>"):
        flame.createModule("wrong.source", "a b")
    assert "wrong" not in sys.modules


# The console.


def test_a_console_runs_lines_there(client: Any, server: Any) -> None:
    with client.console() as console:
        push = console.remoteconsole.push_and_get_output
        banner = console.remoteconsole.get_banner()
        assert banner.startswith("Python 3")
        assert banner.endswith(f"\n(Remote console on {server.locationStr})")
        assert push("print('hi')") == ("hi\n", False)
        assert push("for i in range(2):") == ("", True)
        assert push("  i") == ("", True)
        assert push("") == ("0\n1\n", False)
        text, more = push("1/0")
        assert (text.splitlines()[-1], more) == (
            "ZeroDivisionError: division by zero",
            False,
        )
        assert "SyntaxError" in push("x y")[0]
        assert "SystemExit" in push("raise SystemExit(3)")[0]
        assert push("i") == ("1\n", False)
    assert len(server.objectsById) == 2
    assert console.remoteconsole._pyroConnection is None
    console.close()  # once more does no harm
    with pytest.raises(errors.PyroError):
        console.remoteconsole.get_banner()


def test_consoles_have_names_of_their_own(client: Any) -> None:
    with client.console() as one, client.console() as two:
        one.remoteconsole.push_and_get_output("name = 1")
        assert "NameError" in two.remoteconsole.push_and_get_output("name")[0]


def test_lines_are_read_here(
    client: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = iter(["1+2", "raise KeyError('a')"])

    def read(prompt: str = "") -> str:
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr(builtins, "input", read)
    with client.console() as console:
        console.interact()
    out, err = capsys.readouterr()
    printed = out.splitlines()
    assert (printed[0], printed[-1]) == ("3", "(Remote session ended)")
    assert "KeyError: 'a'" in printed
    assert "(Remote console on " in err


def test_what_others_print_goes_where_it_went(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = consoles.Capture(), consoles.Capture()
    print("before")
    with one.printed() as text:
        print("kept")
        with two.printed() as inner:
            print("inside")
        print("kept, too")
    print("after")
    assert (text.getvalue(), inner.getvalue()) == ("kept\nkept, too\n", "inside\n")
    assert capsys.readouterr().out == "before\nafter\n"


# The command.


def test_the_command_may_be_started_by_a_program(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = flameserver.main(["-q"], returnWithoutLooping=True)
    assert made is not None
    daemon, uri = made
    with daemon:
        assert str(uri) == f"PYRO:Pyro.Flame@{daemon.locationStr}"
    assert capsys.readouterr().out == ""
    assert sorted(Pyro4.config.SERIALIZERS_ACCEPTED) == ["pickle"]


def test_the_command_says_that_it_is_off(capsys: pytest.CaptureFixture[str]) -> None:
    Pyro4.config.FLAME_ENABLED = False
    with pytest.raises(SystemExit) as caught:
        flameserver.main([])
    assert caught.value.code == 1
    assert capsys.readouterr().err == (
        "pyro4-flameserver: SecurityError: Flame is disabled in the server configuration; "
        "PYRO_FLAME_ENABLED=true enables it\n"
    )


USES = """
import sys, Pyro4, Pyro4.utils.flame
Pyro4.config.SERIALIZER = "pickle"
with Pyro4.utils.flame.connect(sys.argv[1]) as flame:
    flame.sendmodule("sent", "def f(x): return [x]")
    with flame.module("os") as os, flame.builtin("sum") as add:
        print(os.path.join("a", "b"), add([1, 2]), flame.module("sent").f(3))
    flame.execute("x = 5")
    print(flame.evaluate("x + 1"))
    flame.sendfile(sys.argv[2], b"bytes")
    print(flame.getfile(sys.argv[2]))
    with flame.console() as console:
        print(console.remoteconsole.push_and_get_output("print(1)"))
    try:
        flame.evaluate("1/0")
    except ZeroDivisionError as error:
        print(error)
"""
USED = "a/b 3 [3]\n6\nb'bytes'\n('1\\n', False)\ndivision by zero\n"


@pytest.mark.slow
@pytest.mark.peers
@pytest.mark.parametrize("roles", ["real client", "real server"])
def test_the_real_one_on_the_other_side(roles: str, tmp_path: Path) -> None:
    real = real_python("pyro4")
    with commands() as programs:
        python = real if roles == "real server" else OURS
        server = programs.start(python, "utils.flameserver", FLAME_ENABLED="true")
        uri = lines(server, "server is running.")[2].removeprefix("server uri: ")
        where = uri.partition("@")[2]
        python = real if roles == "real client" else OURS
        client = programs.run(python, "-c", USES, where, tmp_path / "file")
    assert (client.stdout, client.stderr) == (USED, "")
