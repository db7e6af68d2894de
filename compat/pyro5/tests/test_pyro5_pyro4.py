"""The layer for programs written for Pyro4."""

from __future__ import annotations

import importlib
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import Pyro5.api
import Pyro5.compatibility
import Pyro5.errors


def _take() -> dict[str, Any]:
    """Return the modules called Pyro4, and forget them; another package has that name."""
    names = [name for name in sys.modules if name.partition(".")[0] == "Pyro4"]
    return {name: sys.modules.pop(name) for name in names}


_BEFORE = _take()
sys.modules.pop("Pyro5.compatibility.Pyro4", None)
Pyro4 = importlib.import_module("Pyro5.compatibility.Pyro4")
_LAYER = _take()
sys.modules.update(_BEFORE)


@pytest.fixture(autouse=True)
def _as_imported() -> Iterator[None]:
    """See to it that the layer is what is called Pyro4, and only now."""
    before = _take()
    sys.modules.update(_LAYER)
    yield
    _take()
    sys.modules.update(before)


@Pyro5.api.expose
class Kettle:
    """Something to call."""

    def heat(self, degrees: int) -> int:
        """Return the argument."""
        return degrees

    def kind(self, value: Any) -> str:
        """Return of which class an argument is."""
        cls = type(value)
        return f"{cls.__module__}.{cls.__qualname__} {value}"


def test_it_can_be_imported_by_its_old_name() -> None:
    assert importlib.import_module("Pyro4") is Pyro4
    assert set(Pyro4.__all__) == {
        *("config", "URI", "Proxy", "Daemon", "callback", "batch", "asyncproxy"),
        *("oneway", "expose", "behavior", "current_context", "locateNS", "resolve"),
        *("Future", "errors"),
    }
    for name in Pyro4.__all__:
        assert hasattr(Pyro4, name)
    assert vars(Pyro4)["__version__"] == Pyro5.__version__
    for name in ("expose", "oneway", "callback", "behavior", "current_context"):
        assert getattr(Pyro4, name) is getattr(Pyro5.api, name)
    assert Pyro4.errors is Pyro5.errors is sys.modules["Pyro4.errors"]


@pytest.mark.parametrize("name", ["core", "naming", "message"])
def test_modules_that_are_not_there_say_so_when_used(name: str) -> None:
    module = importlib.import_module(f"Pyro4.{name}")
    assert module is getattr(Pyro4, name)
    with pytest.raises(NotImplementedError, match=f"Pyro4.{name}"):
        _ = module.Daemon
    with pytest.raises(NotImplementedError, match=f"Pyro4.{name}"):
        exec(f"from Pyro4.{name} import Proxy")
    assert not hasattr(module, "__path__")


@pytest.mark.parametrize("name", ["futures", "utils", "utils.flame", "test"])
def test_other_modules_are_not_found(name: str) -> None:
    with pytest.raises(ModuleNotFoundError, match="'Pyro4' is not a package"):
        importlib.import_module(f"Pyro4.{name}")


def test_the_configuration_is_the_one_in_force(serve: Callable[..., Any]) -> None:
    assert isinstance(Pyro4.config, Pyro5.configure.Configuration)
    Pyro4.config.SERIALIZER = "json"
    assert Pyro5.config.SERIALIZER == "json"
    Pyro5.config.COMMTIMEOUT = 7.5
    assert Pyro4.config.COMMTIMEOUT == 7.5
    assert Pyro4.config.asDict() == Pyro4.config.as_dict() == Pyro5.config.as_dict()
    assert "COMMTIMEOUT = 7.5" in Pyro4.config.dump()
    with Pyro4.Proxy(serve(Kettle())) as kettle:
        assert kettle._pyroTimeout == 7.5
        assert kettle.kind((1, 2)) == "builtins.list [1, 2]"  # as json has it
    Pyro4.config.reset(False)
    assert (Pyro5.config.SERIALIZER, Pyro5.config.COMMTIMEOUT) == ("serpent", 0.0)
    copied = Pyro4.config.copy()
    copied.SERIALIZER = "marshal"
    assert Pyro5.config.SERIALIZER == "serpent"


def test_items_of_pyro4_alone_may_be_set_and_have_no_effect() -> None:
    before = Pyro5.config.as_dict()
    Pyro4.config.HMAC_KEY = b"x"
    assert Pyro4.config.HMAC_KEY == b"x"
    assert Pyro5.config.as_dict() == Pyro4.config.asDict() == before
    with pytest.raises(AttributeError):
        _ = Pyro4.config.UNHEARD
    assert not hasattr(Pyro5.config, "HMAC_KEY")


def test_objects_are_served_and_called(running: Callable[[Any], Any]) -> None:
    daemon = running(Pyro4.Daemon())
    uri = daemon.register(Kettle())
    with Pyro4.Proxy(uri) as kettle:
        assert isinstance(kettle, Pyro5.api.Proxy)
        assert kettle.heat(5) == 5
        batch = Pyro4.batch(kettle)
        batch.heat(1)
        batch.heat(degrees=2)
        assert list(batch()) == [1, 2]
        batch.heat(3)
        assert batch(oneway=True) is None
        with pytest.raises(NotImplementedError, match="async"):
            batch(asynchronous=True)
    assert "Pyro4.Daemon" in repr(daemon)


def test_uris_and_proxies_can_be_arguments(serve: Callable[..., Any]) -> None:
    uri = Pyro4.URI("PYRO:a@b:1")
    assert uri == Pyro5.api.URI("PYRO:a@b:1")
    assert Pyro4.resolve(uri) == uri
    for serializer in ("serpent", "json", "marshal", "msgpack"):
        Pyro4.config.SERIALIZER = serializer
        with Pyro4.Proxy(serve(Kettle())) as kettle:
            assert kettle.kind(uri) == "Pyro5.core.URI PYRO:a@b:1"
            assert kettle.kind(Pyro4.Proxy(uri)).startswith("Pyro5.client.Proxy ")


def test_a_name_server_is_found(running: Callable[[Any], Any]) -> None:
    _, daemon, _ = Pyro5.api.start_ns("localhost", 0, enableBroadcast=False)
    running(daemon)
    port = daemon.sock.getsockname()[1]
    with Pyro4.locateNS("localhost", port) as names:
        assert names.count() == 1
    Pyro4.config.NS_PORT = port
    with Pyro4.locateNS(broadcast=False) as names:
        assert names.count() == 1
    assert Pyro4.resolve("PYRONAME:Pyro.NameServer").port == port


def test_what_pyro5_has_no_more_says_so() -> None:
    proxy = Pyro4.Proxy("PYRO:a@b:1")
    refused: dict[str, Callable[[], Any]] = {
        "asyncproxy": lambda: Pyro4.asyncproxy("x"),
        "Future": lambda: Pyro4.Future(len),
        "_pyroAsync": proxy._pyroAsync,
        "_pyroHmacKey": lambda: proxy._pyroHmacKey,
        "set _pyroHmacKey": lambda: setattr(proxy, "_pyroHmacKey", b"x"),
        "locateNS": lambda: Pyro4.locateNS(hmac_key="x"),
        "resolve": lambda: Pyro4.resolve("PYRO:a@b:1", hmac_key="x"),
    }
    for name, use in refused.items():
        with pytest.raises(NotImplementedError, match=r"."):
            use()
        assert name


def test_the_helpers_for_errors() -> None:
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        lines = Pyro4.util.getPyroTraceback()
        assert lines == Pyro4.util.formatTraceback()
    header, frame, message = lines
    assert header == "Traceback (most recent call last):\n"
    assert "in test_the_helpers_for_errors" in frame
    assert message == "ZeroDivisionError: division by zero\n"
    assert Pyro4.util.excepthook is Pyro5.errors.excepthook
    assert Pyro4.util.SerializerBase is Pyro5.api.SerializerBase
    assert sys.modules["Pyro4.util"] is Pyro4.util


def test_the_helpers_for_sockets() -> None:
    util = Pyro4.socketutil
    assert sys.modules["Pyro4.socketutil"] is util
    assert (util.getIpVersion("127.0.0.1"), util.getIpVersion("::1")) == (4, 6)
    with pytest.raises(ValueError, match="localhost"):
        util.getIpVersion("localhost")
    assert util.getIpAddress("127.0.0.1") == "127.0.0.1"
    assert util.getIpAddress("localhost", ipVersion=4) == "127.0.0.1"
    assert util.getInterfaceAddress("127.0.0.1") == "127.0.0.1"
    with util.createSocket(bind=("127.0.0.1", 0)) as listener:
        with util.createSocket(connect=listener.getsockname()) as one:
            other, _ = listener.accept()
            with other:
                util.sendData(one, b"abc")
                assert util.receiveData(other, 3) == b"abc"
    with util.createBroadcastSocket(bind=("127.0.0.1", 0)) as sock:
        assert sock.type == socket.SOCK_DGRAM


def test_the_constants() -> None:
    constants = Pyro4.constants
    assert sys.modules["Pyro4.constants"] is constants
    assert Pyro5.__version__ == constants.VERSION
    assert constants.DAEMON_NAME == "Pyro.Daemon"
    assert constants.NAMESERVER_NAME == "Pyro.NameServer"
    assert constants.PROTOCOL_VERSION == 502
