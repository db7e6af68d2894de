"""What the tables of Pyro 3 say of ``Pyro.core``: the names, and what is behind them."""

from __future__ import annotations

import copy
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

import Pyro.constants
import Pyro.core
import Pyro.errors
from Pyro.errors import DaemonError, ProtocolError, PyroError, URIError


class Thing(Pyro.core.ObjBase):
    def __init__(self) -> None:
        super().__init__()
        self.colour = "green"
        self.heard = threading.Event()
        self.stored: Any = None

    def echo(self, value: Any) -> Any:
        return value

    def hear(self) -> None:
        self.stored = self.getLocalStorage()
        self.heard.set()

    def _gotReaped(self) -> None:
        self.heard.set()


class Listener(Pyro.core.CallbackObjBase):
    def fail(self) -> None:
        raise ValueError("of the callback")


# Names that a program may use, which are there, by what they belong to.
MEMBERS: dict[str, str] = {
    "object": "objectGUID GUID setGUID delegate delegateTo lastUsed daemon getDaemon "
    "setPyroDaemon getProxy getAttrProxy getLocalStorage setCodeValidator _gotReaped",
    "uri": "protocol address port objectID clone init reinitFromString getProxy "
    "getAttrProxy",
    "proxy": "URI objectID adapter _setOneway _setTimeout _setIdentification _release "
    "_setNewConnectionValidator _transferThread __copy__",
    "adapter": "rebindURI connected release setTimeout setIdentification bindToURI "
    "timeout onewayMethods conn getIdentification",
    "daemon": "hostname port protocol threaded connections sock NameServer adapter "
    "useNameServer getNameServer connect connectPersistent disconnect getRegistered "
    "getLocalObject getLocalObjectForProxy getProxyForObj getAttrProxyForObj requestLoop "
    "handleRequests getServerSockets shutdown closedown setTimeout "
    "setAllowedIdentifications setNewConnectionValidator getNewConnectionValidator "
    "setInitTLS getLocalStorage setTransientsCleanupAge validateHostnameAndIP "
    "ResolvePYROLOC",
}


@pytest.mark.parametrize("owner", MEMBERS)
def test_members_are_there(owner: str, running: Any) -> None:
    daemon, thing = running(), Thing()
    uri = daemon.connect(thing)
    proxy = uri.getProxy()
    kinds = {
        "object": thing,
        "uri": uri,
        "proxy": proxy,
        "adapter": proxy.adapter,
        "daemon": daemon,
    }
    assert [name for name in MEMBERS[owner].split() if name not in dir(kinds[owner])] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "lines"),
    [
        ("import Pyro; print(Pyro.config.PYRO_PORT)", ["7766"]),
        (
            "import Pyro.core as c; print(bool(c.util and c.protocol and c.constants))",
            ["True"],
        ),
        ("import Pyro.naming; print(Pyro.core.__name__)", ["Pyro.core"]),
        (
            "import Pyro.EventService.Clients as c, Pyro.EventService.Event as e\n"
            "import Pyro; s = Pyro.EventService.Server\n"
            "print(Pyro.core and Pyro.naming and Pyro.constants.VERSION)\n"
            "print(s.Event is c.Event is e.Event)",
            ["3.16", "True"],
        ),
        (  # one flag for both: a client gets no check of the storage any more
            "import Pyro.core\nPyro.core.getProxyForURI('PYRO://localhost/1')\n"
            "Pyro.config.PYRO_STORAGE = '/no/such/directory'\nPyro.core.initServer(1)\n"
            "print(Pyro.core.Daemon(host='localhost', port=0, norange=1).hostname)",
            ["localhost"],
        ),
        (  # the daemon of a program is a server of itself
            "import Pyro.core\nPyro.config.PYRO_STORAGE = '/no/such/directory'\n"
            "try: Pyro.core.Daemon()\nexcept OSError: print('checked')",
            ["checked"],
        ),
    ],
)
def test_what_programs_rely_on_after_importing(program: str, lines: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.stdout.splitlines(), done.stderr) == (lines, "")


def test_uris_of_all_kinds(running: Any) -> None:
    uri = Pyro.core.PyroURI("localhost", "abc", 5, "PYROSSL")
    assert str(uri) == "PYROSSL://127.0.0.1:5/abc"
    uri.init("127.0.0.1", "x/y", 6)
    assert str(uri) == "PYRO://127.0.0.1:6/x/y"
    uri.reinitFromString("PYROLOCSSL://localhost:7/:a.b \n")
    assert (uri.protocol, uri.port, uri.objectID) == ("PYROLOCSSL", 7, ":a.b")
    for parts, error, text in (
        (("localhost",), URIError, "invalid URI format"),
        (("a/b", "x"), URIError, "malformed hostname"),
        (("no.such.invalid", "x"), URIError, "unknown host"),
        (("PYRONAMESSL://x",), ProtocolError, "NOT SUPPORTED YET: PYRONAMESSL"),
        (("HTTP://x/y",), ProtocolError, "unsupported protocol"),
    ):
        with pytest.raises(error) as caught:
            Pyro.core.PyroURI(*parts)
        assert caught.value.args == (text,)


def test_a_place_is_found_at_the_first_call(running: Any) -> None:
    daemon = running()
    first, second = Thing(), Thing()
    daemon.connect(first, "same")
    uri = daemon.connect(second, "same")  # without a name server both may have it
    daemon.disconnect(first)
    place = Pyro.core.PyroURI(f"PYROLOC://localhost:{daemon.port}/same")
    proxy: Any = place.getProxy()
    assert str(proxy.URI) == str(place) == f"PYROLOC://127.0.0.1:{daemon.port}/same"
    assert proxy.echo(1) == 1
    assert str(proxy.URI) == str(uri)
    assert proxy.objectID == "same"  # that of its making
    found = copy.copy(proxy)
    assert (found.echo(2), found == proxy, found != uri.getProxy()) == (2, True, True)
    with pytest.raises(KeyError):
        daemon.getLocalObjectForProxy(proxy)


def test_adapters_as_programs_use_them(running: Any) -> None:
    daemon, one, other = running(), Thing(), Thing()
    other.colour = "blue"
    proxy = daemon.connect(one).getAttrProxy()
    adapter = proxy.adapter
    assert (adapter.connected(), adapter.conn, adapter.timeout) == (False, None, None)
    assert proxy.colour == "green"
    assert adapter.connected()
    adapter.bindToURI(daemon.connect(other))
    assert (adapter.connected(), proxy.colour) == (True, "blue")
    adapter.setTimeout(5)
    adapter.setIdentification("me")
    assert (adapter.timeout, bool(adapter.getIdentification())) == (5, True)
    adapter.release()
    assert (adapter.connected(), adapter.conn) == (False, None)
    assert proxy.colour == "blue"


def test_arguments_of_daemons() -> None:
    with pytest.raises(DaemonError):
        Pyro.core.Daemon("HTTP")
    with pytest.raises(OSError, match=r"no\.such\.invalid"):
        Pyro.core.Daemon(host="no.such.invalid")
    daemon = Pyro.core.Daemon("PYRO", "127.0.0.1", 0, 1, "localhost")
    assert (daemon.protocol, daemon.hostname) == ("PYRO", "localhost")
    assert daemon.validateHostnameAndIP() == (
        "daemon bound on hostname that resolves to loopback address 127.0.x.x"
    )
    with pytest.raises(DaemonError, match="Couldn't start Pyro daemon: "):
        Pyro.core.Daemon(host="127.0.0.1", port=daemon.port, norange=1)
    with pytest.raises(TypeError, match="initTLS must be callable"):
        daemon.setInitTLS(3)  # type: ignore[arg-type]
    daemon.shutdown()
    daemon.shutdown(True)
    daemon.closedown()


@pytest.mark.parametrize("threads", [1, 0])
def test_oneway_calls_have_storage_that_is_made_ready(threads: int, running: Any) -> None:
    Pyro.config.PYRO_ONEWAY_THREADED = threads
    daemon, thing = running(), Thing()
    made: list[Any] = []
    daemon.setInitTLS(made.append)
    proxy = daemon.connect(thing).getProxy()
    proxy._setOneway("hear")
    assert proxy.echo(1) == 1
    assert proxy.hear() is None
    assert thing.heard.wait(10)
    assert thing.stored.caller.addr[0] == "127.0.0.1"
    assert (thing.stored is made[0], len(made)) == (not threads, 1 + threads)


def test_a_reaped_object_leaves_connections_alone(running: Any) -> None:
    daemon, named, passing = running(), Thing(), Thing()
    daemon.connect(named, "named")
    proxy: Any = daemon.connect(passing).getProxy()
    assert proxy.echo(1) == 1
    named.lastUsed = passing.lastUsed = 0
    daemon.setTransientsCleanupAge(0.2)
    assert passing.heard.wait(10)
    assert proxy.adapter.connected()
    with pytest.raises(ProtocolError, match="unknown object ID"):
        proxy.echo(1)
    daemon.setTransientsCleanupAge(None)
    daemon.connect(passing)
    assert proxy.echo(1) == 1
    assert "named" in daemon.getRegistered().values()


def test_errors_of_oneway_callbacks_stay_where_they_are(
    running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    seen = threading.Event()

    def hook(args: threading.ExceptHookArgs) -> None:
        told.append((args.exc_type, str(args.exc_value)))
        seen.set()

    monkeypatch.setattr(threading, "excepthook", hook)
    proxy = running().connect(Listener()).getProxy()
    proxy._setOneway("fail")
    assert proxy.fail() is None
    assert seen.wait(10)
    assert told == [(ValueError, "of the callback")]


def test_proxies_are_no_containers(serve: Callable[..., Any]) -> None:
    proxy = serve(Thing())
    for use in (len, iter, lambda p: p[0], lambda p: p + 1, lambda p: p < p, int):
        with pytest.raises(TypeError):
            use(proxy)
    with pytest.raises(PyroError, match="cannot deepcopy a proxy"):
        copy.deepcopy([proxy])
    assert (proxy == None, proxy in [1, proxy]) == (False, True)  # noqa: E711
