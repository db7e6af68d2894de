"""Flame: modules, builtins, code and files of another process."""

import importlib
import os
import pickle
import sys

import pytest

from Pyro4 import config, errors
from Pyro4.core import Daemon, Proxy
from Pyro4.utils import flame


@pytest.fixture
def allowed():
    config.FLAME_ENABLED = True
    config.SERIALIZERS_ACCEPTED = {"pickle"}
    config.SERIALIZER = "pickle"


@pytest.fixture
def server(allowed, shared):
    """A daemon with flame, which runs."""

    def make():
        daemon = Daemon()
        flame.start(daemon)
        return daemon

    return shared("flame", "thread", make)


@pytest.fixture
def client(server):
    with flame.connect(server.locationStr) as proxy:
        proxy._pyroTimeout = 10
        yield proxy


def test_off_at_first():
    with Daemon() as daemon:
        with pytest.raises(errors.SecurityError, match="Flame is disabled"):
            flame.start(daemon)


@pytest.mark.parametrize(
    "accepted", [{"serpent"}, {"pickle", "json"}, {"serpent", "json", "marshal"}, set()]
)
def test_pickle_and_nothing_else(accepted):
    config.FLAME_ENABLED = True
    config.SERIALIZERS_ACCEPTED = accepted
    with Daemon() as daemon:
        with pytest.raises(errors.SerializeError, match="requires the pickle serializer"):
            flame.start(daemon)
    with pytest.raises(RuntimeError, match="requires the pickle serializer exclusively"):
        flame.Flame()


def test_clients_need_pickle(server):
    config.SERIALIZER = "serpent"
    with pytest.raises(errors.SerializeError, match="requires the pickle serializer"):
        flame.connect(server.locationStr)


def test_starting(allowed):
    with Daemon() as daemon:
        uri = flame.start(daemon)
        assert str(uri) == f"PYRO:Pyro.Flame@{daemon.locationStr}"
        assert isinstance(daemon.objectsById["Pyro.Flame"], flame.Flame)


def test_connecting(server):
    with flame.connect(server.locationStr) as proxy:
        assert type(proxy) is Proxy
        assert proxy._pyroUri == server.uriFor("Pyro.Flame")
        assert proxy._pyroConnection is not None
        assert proxy._pyroMethods == {
            *("module", "builtin", "execute", "evaluate", "sendmodule", "getmodule"),
            *("sendfile", "getfile", "console", "invokeModule", "invokeBuiltin"),
        }


def test_keys(allowed, start):
    daemon = Daemon()
    daemon._pyroHmacKey = b"secret"
    flame.start(daemon)
    start(daemon)
    with flame.connect(daemon.locationStr, hmac_key=b"secret") as proxy:
        assert proxy.evaluate("1 + 2") == 3
    with pytest.raises(errors.CommunicationError):
        flame.connect(daemon.locationStr)


def test_modules(client):
    module = client.module("os.path")
    assert type(module) is flame.FlameModule
    assert module.join("a", "b") == "a/b"
    assert client.module("os").path.join("a", "b") == "a/b"
    assert client.module("textwrap").fill("a b", width=1) == "a\nb"
    text = f"module 'os' at {client._pyroUri.location}>"
    found = repr(client.module("os"))
    assert found.startswith("<Pyro4.utils.flame.FlameModule at 0x")
    assert found.endswith(text)


def test_modules_that_are_not_there(client):
    with pytest.raises(ImportError, match="nosuchmodule"):
        client.module("nosuchmodule")
    with pytest.raises(AttributeError):
        client.module("os").nosuch()
    with pytest.raises(AttributeError):
        client.module("os").path.nosuch(1)


def test_values_of_modules_are_only_callable(client):
    version = client.module("sys").version
    assert not isinstance(version, str)
    with pytest.raises(TypeError):
        version()


def test_builtins(client):
    largest = client.builtin("max")
    assert type(largest) is flame.FlameBuiltin
    assert largest(1, 5, 3) == 5
    assert client.builtin("sorted")([1, 3, 2], reverse=True) == [3, 2, 1]
    assert client.builtin("repr")({"a": {1}}) == "{'a': {1}}"
    with pytest.raises(AttributeError):
        client.builtin("nosuch")()
    assert repr(largest).startswith("<Pyro4.utils.flame.FlameBuiltin at 0x")
    assert repr(largest).endswith(f"builtin 'max' at {client._pyroUri.location}>")


def test_by_name(client):
    assert client.invokeModule("os.path.join", ("a", "b"), {}) == "a/b"
    assert client.invokeModule("os.path.join", ["a", "b"], {}) == "a/b"
    assert client.invokeBuiltin("max", [1, 2], {}) == 2
    assert client.invokeBuiltin("sorted", ([1, 2],), {"reverse": True}) == [2, 1]


def test_code(client):
    assert client.evaluate("1 + 2") == 3
    assert client.execute("flame_facts = [5]\nflame_facts.append(6)") is None
    assert client.evaluate("flame_facts") == [5, 6]
    with pytest.raises(ZeroDivisionError):
        client.evaluate("1 / 0")
    with pytest.raises(SyntaxError):
        client.execute("this is no code")


def test_sending_modules(client):
    source = "def double(x):\n    return x * 2\n"
    try:
        client.sendmodule("facts_sent.deep", source)
        assert client.module("facts_sent.deep").double(4) == 8
        assert client.module("facts_sent").deep.double("a") == "aa"
    finally:
        for name in [name for name in sys.modules if name.startswith("facts_sent")]:
            del sys.modules[name]


def test_getting_modules(client):
    import textwrap

    with open(textwrap.__file__) as file:
        assert client.getmodule("textwrap") == file.read()
    with pytest.raises(ImportError):
        client.getmodule("nosuchmodule")


@pytest.mark.fixed("2.8: getmodule of a module that was sent")
def test_getting_what_was_sent(client):
    source = "x = 1\n"
    try:
        client.sendmodule("facts_sent_too", source)
        assert client.getmodule("facts_sent_too") == source
    finally:
        sys.modules.pop("facts_sent_too", None)


@pytest.mark.fixed("2.8: what is handed out has no key")
def test_modules_with_keys(allowed, start):
    daemon = Daemon()
    daemon._pyroHmacKey = b"secret"
    flame.start(daemon)
    start(daemon)
    with flame.connect(daemon.locationStr, hmac_key=b"secret") as proxy:
        assert proxy.module("os.path").join("a", "b") == "a/b"
        assert proxy.builtin("max")(1, 2) == 2


def test_files(client, tmp_path):
    path = str(tmp_path / "file")
    data = bytes(range(256)) * 100
    assert client.sendfile(path, data) is None
    assert client.getfile(path) == data
    with open(path, "rb") as file:
        assert file.read() == data
    assert os.stat(path).st_mode & 0o777 == 0o600
    with pytest.raises(FileNotFoundError):
        client.getfile(str(tmp_path / "nosuch"))


def test_a_console(client):
    with client.console() as console:
        assert type(console) is flame.RemoteInteractiveConsole
        remote = console.remoteconsole
        assert f"(Remote console on {client._pyroUri.location})" in remote.get_banner()
        assert remote.push_and_get_output("print(1 + 1)") == ("2\n", False)
        assert remote.push_and_get_output("if True:") == ("", True)
        assert remote.push_and_get_output("    x = 5") == ("", True)
        assert remote.push_and_get_output("") == ("", False)
        assert remote.push_and_get_output("x") == ("5\n", False)
        output, more = remote.push_and_get_output("1 / 0")
        assert output.endswith("ZeroDivisionError: division by zero\n")
        assert more is False
        assert repr(console).endswith(f"; for {client._pyroUri.location}>")


def test_ending_a_console(client):
    console = client.console()
    remote = console.remoteconsole
    console.terminate()
    assert remote._pyroConnection is None


@pytest.mark.parametrize("make", ["module", "builtin"])
def test_pickles(client, make):
    if make == "module":
        copied = pickle.loads(pickle.dumps(client.module("os.path")))
        assert copied.join("a", "b") == "a/b"
        assert b"Pyro4.utils.flame" in pickle.dumps(client.module("os.path"), 2)
    else:
        copied = pickle.loads(pickle.dumps(client.builtin("max")))
        assert copied(1, 2) == 2


def test_the_end_of_a_block_releases(client):
    with client.module("os.path") as module:
        assert module.join("a", "b") == "a/b"
    assert module.join("a", "b") == "a/b"
    module.__exit__(None, None, None)
    with client.builtin("max") as largest:
        assert largest(1, 2) == 2
    largest.__exit__(None, None, None)


@pytest.fixture
def _forget():
    yield
    for name in [name for name in sys.modules if name.startswith("facts_made")]:
        del sys.modules[name]


@pytest.mark.usefixtures("_forget")
def test_making_modules():
    source = "def double(x):\n    return x * 2\n"
    module = flame.createModule("facts_made.one.two", source)
    assert module.__name__ == "facts_made.one.two"
    assert module.double(4) == 8
    assert sys.modules["facts_made.one.two"] is module
    assert importlib.import_module("facts_made.one.two").double(2) == 4
    assert flame.createModule("facts_made_plain", "x = 5", filename="a.py").x == 5


@pytest.mark.usefixtures("_forget")
def test_making_modules_into_a_namespace():
    namespace = {}
    flame.createModule("facts_made_more.inner", "z = 1", namespace=namespace)
    assert list(namespace) == ["facts_made_more"]
    assert namespace["facts_made_more"].inner.z == 1


def test_bad_source():
    with pytest.raises(SyntaxError):
        flame.createModule("facts_made_bad", "this is no code")
