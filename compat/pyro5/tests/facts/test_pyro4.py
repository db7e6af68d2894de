"""The layer for programs of Pyro4."""

import importlib
import sys

import pytest

import Pyro5.api
import Pyro5.compatibility
import Pyro5.errors
from Pyro5.callcontext import current_context


def _take():
    """Return the modules called Pyro4, and forget them; another package has that name."""
    names = [name for name in sys.modules if name.partition(".")[0] == "Pyro4"]
    return {name: sys.modules.pop(name) for name in names}


_BEFORE = _take()
sys.modules.pop("Pyro5.compatibility.Pyro4", None)
Pyro4 = importlib.import_module("Pyro5.compatibility.Pyro4")
_LAYER = _take()
sys.modules.update(_BEFORE)
HERE = "PYRO:object@localhost:9999"


@pytest.fixture(autouse=True)
def _as_imported():
    """See to it that the layer is what is called Pyro4, and only now."""
    before = _take()
    sys.modules.update(_LAYER)
    yield
    _take()
    sys.modules.update(before)


def test_modules():
    imported = importlib.import_module("Pyro4")
    for name in ("constants", "core", "errors", "message", "naming", "socketutil", "util"):
        __import__(f"Pyro4.{name}")
    assert imported is Pyro4
    assert sys.modules["Pyro4"] is imported
    assert sys.modules["Pyro4.errors"] is Pyro5.errors
    for name in ("core", "naming", "message"):
        with pytest.raises(NotImplementedError, match=f"Pyro4.{name}"):
            getattr(sys.modules[f"Pyro4.{name}"], "anything")  # noqa: B009


@pytest.mark.parametrize("name", ["futures", "utils", "nsc", "naming_storage"])
def test_modules_that_are_not_there(name):
    with pytest.raises(ModuleNotFoundError):
        __import__(f"Pyro4.{name}")


@pytest.mark.parametrize("name", ["callback", "oneway", "expose", "behavior"])
def test_the_same_decorators(name):
    assert getattr(Pyro4, name) is getattr(Pyro5.api, name)


def test_the_same_things():
    assert Pyro4.current_context is current_context
    assert Pyro4.errors is Pyro5.errors
    assert Pyro4.__version__ == Pyro5.__version__
    assert issubclass(Pyro4.URI, Pyro5.api.URI)
    assert issubclass(Pyro4.Proxy, Pyro5.api.Proxy)
    assert issubclass(Pyro4.Daemon, Pyro5.api.Daemon)
    assert issubclass(Pyro4.BatchProxy, Pyro5.api.BatchProxy)
    assert isinstance(Pyro4.config, Pyro5.configure.Configuration)


@pytest.mark.parametrize(
    "use",
    [
        lambda: Pyro4.asyncproxy(HERE),
        lambda: Pyro4.Future(print),
        lambda: Pyro4.locateNS(hmac_key=b"x"),
        lambda: Pyro4.resolve(HERE, hmac_key=b"x"),
        lambda: Pyro4.Proxy(HERE)._pyroAsync(),
        lambda: Pyro4.Proxy(HERE)._pyroHmacKey,
        lambda: setattr(Pyro4.Proxy(HERE), "_pyroHmacKey", b"x"),
        lambda: Pyro4.batch(Pyro4.Proxy(HERE))(asynchronous=True),
    ],
)
def test_what_is_gone(use):
    with pytest.raises(NotImplementedError):
        use()


def test_configuration():
    assert Pyro4.config.asDict() == Pyro4.config.as_dict()
    assert Pyro4.config.SERIALIZER == "serpent"
    Pyro4.config.SERIALIZERS_ACCEPTED = {"json"}
    Pyro4.config.HMAC_KEY = None


def test_proxies_and_uris():
    uri = Pyro4.URI(HERE)
    assert str(uri) == HERE
    assert uri == Pyro5.api.URI(HERE)
    assert repr(uri).startswith("<Pyro5.compatibility.Pyro4.URI at 0x")
    proxy = Pyro4.Proxy(HERE)
    assert proxy == Pyro5.api.Proxy(HERE)
    assert Pyro4.resolve(HERE) == uri


def test_daemons(start, server_type):
    @Pyro4.expose
    class Thing:
        def ping(self, value):
            return value

    daemon = Pyro4.Daemon()
    uri = daemon.register(Thing())
    start(daemon)
    assert callable(Pyro4.Daemon.serveSimple)
    with Pyro4.Proxy(uri) as proxy:
        assert proxy.ping("x") == "x"
        batch = Pyro4.batch(proxy)
        batch.ping(1)
        batch.ping(2)
        assert list(batch()) == [1, 2]
        batch.ping(3)
        assert batch(oneway=True) is None


def test_tracebacks():
    try:
        1 // 0  # noqa: B018
    except ZeroDivisionError:
        lines = Pyro4.util.getPyroTraceback()
        assert len(lines) in {3, 4}  # Python 3.13 marks the place with a line of its own
        assert lines[0].startswith("Traceback")
        assert lines[-1] == "ZeroDivisionError: integer division or modulo by zero\n"
        assert "".join(Pyro4.util.formatTraceback()) == "".join(lines)
    assert callable(Pyro4.util.excepthook)
    assert Pyro4.util.SerializerBase is Pyro5.api.SerializerBase


def test_sockets():
    util = Pyro4.socketutil
    assert util.getIpVersion("127.0.0.1") == 4
    assert util.getIpVersion("::1") == 6
    assert util.getIpAddress("127.0.0.1") == "127.0.0.1"
    assert util.getInterfaceAddress("127.0.0.1") == "127.0.0.1"
    server = util.createSocket(bind=("127.0.0.1", 0))
    client = util.createSocket(connect=server.getsockname())
    accepted, _ = server.accept()
    util.sendData(client, b"hello")
    assert bytes(util.receiveData(accepted, 5)) == b"hello"
    broadcast = util.createBroadcastSocket(bind=("127.0.0.1", 0))
    for sock in (accepted, client, server, broadcast):
        sock.close()


def test_constants():
    assert Pyro5.__version__ == Pyro4.constants.VERSION
    assert Pyro4.constants.DAEMON_NAME == "Pyro.Daemon"
    assert Pyro4.constants.NAMESERVER_NAME == "Pyro.NameServer"
    assert Pyro4.constants.PROTOCOL_VERSION == 502
