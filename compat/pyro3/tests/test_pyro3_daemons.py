"""Daemons: names, loops, who may connect, what is kept for a connection."""

from __future__ import annotations

import gc
import socket
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import Pyro.constants
import Pyro.core
import Pyro.protocol
from patience import wait_until
from Pyro.errors import (
    ConnectionClosedError,
    ConnectionDeniedError,
    DaemonError,
    NamingError,
    ProtocolError,
    URIError,
)


class Names:
    """A name server of this process, as far as daemons are concerned."""

    def __init__(self) -> None:
        self.names: dict[str, Pyro.core.PyroURI] = {}

    def register(self, name: str, uri: Any) -> None:
        if name in self.names:
            raise NamingError("name already exists", name)
        self.names[name] = Pyro.core.PyroURI(str(uri))

    def unregister(self, name: str) -> None:
        if self.names.pop(name, None) is None:
            raise NamingError("name not found", name)

    def resolve(self, name: str) -> Any:
        if name not in self.names:
            raise NamingError("name not found", name)
        return self.names[name]


class Thing(Pyro.core.ObjBase):
    def __init__(self) -> None:
        super().__init__()
        self.reaped: list[Any] = []
        self.done = threading.Event()

    def echo(self, value: Any) -> Any:
        return value

    def caller(self) -> Any:
        return self.getLocalStorage().caller.addr

    def count(self) -> int:
        storage = self.getLocalStorage()
        assert vars(threading.current_thread())["localStorage"] is storage
        storage.count = getattr(storage, "count", 0) + 1
        return storage.count

    def fresh(self) -> None:
        storage = self.getLocalStorage()
        self.reaped.append((getattr(storage, "count", None), storage.caller is not None))
        self.done.set()

    def user(self) -> Any:
        return getattr(self.getLocalStorage().caller, "user", None)

    def end(self, wholly: bool) -> str:
        self.getDaemon().shutdown(wholly)
        return "ended"

    def fail(self) -> None:
        raise ValueError("on purpose")

    def _gotReaped(self) -> None:
        self.reaped.append(self.getDaemon())
        self.done.set()


def test_an_unknown_object_is_one_where_other_pyros_are_imported(
    running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = types.ModuleType("Pyro5.errors")
    vars(errors)["DaemonError"] = type("DaemonError", (Exception,), {})
    monkeypatch.setitem(sys.modules, "Pyro5.errors", errors)
    daemon, thing = running(), Thing()
    uri = daemon.connect(thing)
    daemon.disconnect(thing)
    with pytest.raises(ProtocolError, match="unknown object ID"):
        uri.getProxy().echo(1)


def test_names_and_identities(running: Any) -> None:
    daemon = running()
    names = Names()
    daemon.useNameServer(names)
    assert daemon.getNameServer() is daemon.NameServer is names
    thing, other = Thing(), Thing()
    with pytest.raises(AttributeError):
        thing.getDaemon()
    with pytest.raises(AttributeError):
        thing.getProxy()
    uri = daemon.connect(thing, "a")
    assert str(names.resolve("a")) == str(uri)
    with pytest.raises(NamingError) as caught:
        daemon.connect(other, "a")
    assert caught.value.args == ("name already exists", "a")
    transient = daemon.connect(other)
    registered = daemon.getRegistered()
    assert registered == {
        Pyro.constants.INTERNAL_DAEMON_GUID: "__PYRO_Internal_Daemon",
        thing.objectGUID: "a",
        other.objectGUID: None,
    }
    registered.clear()
    assert len(daemon.getRegistered()) == 3
    assert thing.getDaemon() is daemon is thing.daemon
    assert daemon.getLocalObject(thing.GUID()) is thing
    assert daemon.getLocalObjectForProxy(transient.getProxy()) is other
    assert daemon.getProxyForObj(thing).echo(1) == 1
    assert thing.getAttrProxy().reaped == []
    daemon.disconnect(thing)
    assert thing.getDaemon() is None
    assert not names.names
    daemon.disconnect(other.objectGUID)
    for gone in (thing, "unknown"):
        with pytest.raises(KeyError):
            daemon.disconnect(gone)
    daemon.disconnect(Pyro.constants.INTERNAL_DAEMON_GUID)
    with pytest.raises(ProtocolError, match="unknown object ID"):
        uri.getProxy().echo(1)
    assert str(daemon) == f"<Pyro Daemon on localhost:{daemon.port}>"


def test_without_the_constructor_of_its_base_an_object_is_not_connected(
    running: Any,
) -> None:
    class Careless(Pyro.core.ObjBase):
        def __init__(self) -> None:
            pass

    with pytest.raises(AttributeError, match="objectGUID"):
        running().connect(Careless())


def test_the_daemon_tells_what_it_has(running: Any) -> None:
    daemon = running()
    daemon.connect(Thing(), "named")
    uri = Pyro.core.PyroURI("localhost", Pyro.constants.INTERNAL_DAEMON_GUID, daemon.port)
    proxy = uri.getProxy()
    assert sorted(map(str, proxy.getRegistered().values())) == [
        "__PYRO_Internal_Daemon",
        "named",
    ]
    assert proxy.ResolvePYROLOC("named") == daemon.ResolvePYROLOC("named")
    for name in ("shutdown", "setAllowedIdentifications", "_take_back"):
        with pytest.raises(AttributeError):
            getattr(proxy, name)()
    with pytest.raises(NamingError) as caught:
        proxy.ResolvePYROLOC("unknown")
    assert caught.value.args == ("no object found by this name", "unknown")


def test_a_persistent_name_never_takes_the_place_of_another_object(running: Any) -> None:
    names = Names()
    daemon = running()
    daemon.useNameServer(names)
    other = Thing()
    daemon.connect(other, "other")
    for taken in (other.GUID(), Pyro.constants.INTERNAL_DAEMON_GUID):
        names.names["mine"] = Pyro.core.PyroURI("localhost", taken, daemon.port)
        uri = daemon.connectPersistent(Thing(), "mine")  # somebody lied
        assert uri.objectID != taken
        assert str(names.resolve("mine")) == str(uri)
        names.unregister("mine")
    assert daemon.getLocalObject(other.GUID()) is other
    impostor = Thing()
    impostor.setGUID(Pyro.constants.INTERNAL_DAEMON_GUID)
    with pytest.raises(DaemonError, match="identity of the daemon"):
        daemon.connect(impostor)


def test_an_object_that_can_not_be_served_is_not_registered(running: Any) -> None:
    class Half(Pyro.core.SynchronizedObjBase):
        def __init__(self) -> None:
            Pyro.core.ObjBase.__init__(self)

    names = Names()
    daemon = running()
    daemon.useNameServer(names)
    with pytest.raises(AttributeError):
        daemon.connect(Half(), "half")
    odd_ones: list[Any] = ["", "a b", "x" * 1001, 5]
    for identity in odd_ones:
        odd = Thing()
        odd.setGUID(identity)
        with pytest.raises(URIError, match="invalid URI format"):
            daemon.connect(odd, "odd")
        assert not hasattr(odd, "daemon")
    assert (names.names, len(daemon.getRegistered())) == ({}, 1)


@pytest.mark.parametrize(
    "identity", ["me@home:1/x%40", "%", "!\"#$&'()*+,-./:;<=>?[]^_`{|}~"]
)
def test_identities_may_have_any_sign(identity: str, running: Any) -> None:
    daemon, thing = running(), Thing()
    thing.setGUID(identity)
    uri = daemon.connect(thing)
    assert uri.objectID == identity
    proxy: Any = Pyro.core.getProxyForURI(str(uri))
    assert proxy.echo(1) == 1
    assert daemon.getLocalObjectForProxy(proxy) is thing
    daemon.disconnect(thing)
    with pytest.raises(ProtocolError, match="unknown object ID"):
        proxy.echo(1)


def test_a_name_that_was_persistent_need_not_stay_so(running: Any) -> None:
    names = Names()
    daemon = running()
    daemon.useNameServer(names)
    thing = Thing()
    daemon.connectPersistent(thing, "first")
    daemon.connect(thing, "second")
    daemon.shutdown(True)
    assert [*names.names] == ["first"]


def test_persistent_names_stay_and_keep_their_identity(running: Any) -> None:
    names = Names()
    daemon = running()
    daemon.useNameServer(names)
    first = Thing()
    daemon.connectPersistent(first, "kept")
    daemon.connect(Thing(), "passing")
    port = daemon.port
    running.end()
    assert [*names.names] == ["kept"]
    daemon = running(port=port)
    daemon.useNameServer(names)
    again = Thing()
    uri = daemon.connectPersistent(again, "kept")
    assert again.objectGUID == first.objectGUID == uri.objectID
    elsewhere = running()
    elsewhere.useNameServer(names)
    moved = elsewhere.connectPersistent(Thing(), "kept")
    assert moved.objectID != first.objectGUID
    assert str(names.resolve("kept")) == str(moved)


def test_ports(running: Any) -> None:
    daemon = running()
    with pytest.raises(DaemonError, match="Couldn't start Pyro daemon"):
        Pyro.core.Daemon(port=daemon.port, norange=1)
    nearby = running(port=daemon.port, norange=0)
    assert daemon.port < nearby.port <= daemon.port + 100
    with pytest.raises(DaemonError):
        Pyro.core.Daemon("FOO")
    with pytest.raises(socket.gaierror):
        Pyro.core.Daemon(host="no.such.host.invalid")


def test_the_published_host_stands_in_uris(running: Any) -> None:
    Pyro.config.PYRO_DNS_URI = 1
    daemon = running(publishhost="outside.example")
    assert daemon.connect(Thing()).address == "outside.example"
    assert running().validateHostnameAndIP() is not None


def test_without_a_host_a_daemon_is_for_this_machine(running: Any) -> None:
    Pyro.config.PYRO_HOST = ""
    assert running().sock.getsockname()[0] == "127.0.0.1"


def test_a_daemon_for_all_interfaces_publishes_one_of_them(running: Any) -> None:
    daemon = running(host="0.0.0.0")
    uri = daemon.connect(Thing())
    assert daemon.sock.getsockname()[0] == "0.0.0.0"
    assert uri.address != "0.0.0.0"
    assert uri.getProxy().echo(1) == 1


def test_shutdown_from_inside_and_outside(threaded: int, running: Any) -> None:
    names = Names()
    daemon = running()
    daemon.useNameServer(names)
    proxy = daemon.connect(Thing(), "a").getProxy()
    idle = daemon.connect(Thing(), "b").getProxy()
    assert idle.echo(1) == 1
    assert proxy.end(True) == "ended"
    assert not names.names
    running.end()
    assert daemon.getServerSockets() == []
    with pytest.raises(ConnectionClosedError):
        idle.echo(1)
    with pytest.raises(OSError, match="refused"):  # nobody listens
        socket.create_connection(("127.0.0.1", daemon.port))


def test_a_loop_goes_on_until_names_are_taken_back_from_inside() -> None:
    daemon = Pyro.core.Daemon(port=0, norange=1)
    loop = threading.Thread(target=daemon.requestLoop, kwargs={"timeout": 0.01})
    alive = []

    class Slow(Names):
        def unregister(self, name: str) -> None:
            loop.join(0.1)  # a program might end with its loop, and nobody be answered
            alive.append(loop.is_alive())
            super().unregister(name)

    daemon.useNameServer(Slow())
    proxy: Any = daemon.connect(Thing(), "thing").getProxy()
    loop.start()
    assert proxy.end(True) == "ended"
    loop.join(10)
    assert alive == [True]
    assert not loop.is_alive()


_ENDING = """
import time, Pyro.core
class Names:
    def register(self, name, uri): print("register", name)
    def unregister(self, name): print("unregister", name)
def main():
    daemon = Pyro.core.Daemon(host="localhost", port=0, norange=1)
    daemon.useNameServer(Names())
    daemon.connect(Pyro.core.ObjBase(), "a")
    return daemon
"""


@pytest.mark.parametrize(
    "end", ["daemon = main()", "main()", "one = main(); one.shutdown()"]
)
def test_names_are_taken_back_at_the_end_of_the_program(end: str) -> None:
    found = subprocess.run(
        [sys.executable, "-c", _ENDING + end], capture_output=True, text=True, check=False
    )
    assert (found.stdout, found.stderr) == ("register a\nunregister a\n", "")


def test_a_name_server_that_is_gone_is_asked_once(running: Any) -> None:
    asked = []

    class Gone(Names):
        def unregister(self, name: str) -> None:
            asked.append(name)
            raise ProtocolError("connection failed")

    daemon = running()
    daemon.useNameServer(Gone())
    for name in "abc":
        daemon.connect(Thing(), name)
    daemon.shutdown(True)
    assert len(asked) == 1
    thing = Thing()
    daemon.connect(thing, "d")
    with pytest.raises(ProtocolError):
        daemon.disconnect(thing)
    assert thing.getDaemon() is None


def test_a_daemon_that_nobody_holds_is_closed(threaded: int) -> None:
    daemon = Pyro.core.Daemon(port=0, norange=1)
    thing = Thing()
    daemon.connect(thing)
    listener = daemon.sock
    del daemon

    def is_collected() -> bool:
        gc.collect()
        return thing.getDaemon() is None

    wait_until(is_collected)  # a thread of its own may hold it for a moment
    wait_until(lambda: listener is not None and listener.fileno() < 0)


def test_closedown_ends_a_daemon_that_has_clients(threaded: int, running: Any) -> None:
    daemon = running()
    proxy = daemon.connect(Thing()).getProxy()
    assert proxy.echo(1) == 1
    daemon.closedown()
    with pytest.raises(ConnectionClosedError):
        proxy.echo(1)


def test_the_kind_of_daemon_can_still_be_changed(running: Any) -> None:
    daemon = Pyro.core.Daemon(port=0, norange=1)
    uri = daemon.connect(Thing())
    daemon.threaded = 0
    running.loop(daemon)
    assert uri.getProxy().count() == 1
    assert uri.getProxy().count() == 2  # one storage for all


@pytest.mark.parametrize(("norange", "name"), [(0, None), (0, "a"), (1, None)])
def test_a_port_that_others_take_meanwhile_is_another_if_nobody_knows_it(
    monkeypatch: pytest.MonkeyPatch, running: Any, norange: int, name: str | None
) -> None:
    daemon: Any = Pyro.core.Daemon(port=0, norange=norange)
    before, target = daemon.port, Thing()
    daemon.connect(target, name)
    close = daemon._engine.close
    faster = []

    def close_slowly() -> None:
        close()
        faster.append(socket.create_server(("127.0.0.1", before)))

    monkeypatch.setattr(daemon._engine, "close", close_slowly)
    if norange or name:
        with pytest.raises(DaemonError, match="Couldn't start Pyro daemon: "):
            daemon.threaded = 0
    else:
        daemon.threaded = 0
        assert daemon.port != before
        running.loop(daemon)
        assert target.getProxy().count() == 1
    faster[0].close()


def test_storage_of_connections(running: Any) -> None:
    daemon = running()
    made: list[Any] = []
    daemon.setInitTLS(made.append)
    with pytest.raises(TypeError):
        daemon.setInitTLS(3)
    thing = Thing()
    uri = daemon.connect(thing)
    one, other = uri.getProxy(), uri.getProxy()
    assert [one.count(), one.count(), other.count()] == [1, 2, 1]
    assert len(made) == 2
    one._release()
    assert one.count() == 1
    assert one.caller()[0] == "127.0.0.1"
    one._setOneway("fresh")
    one.fresh()
    assert thing.done.wait(10)
    assert thing.reaped == [(None, True)]
    assert isinstance(daemon.getLocalStorage(), Pyro.protocol.LocalStorage)


def test_without_threads_there_is_one_storage(running: Any) -> None:
    Pyro.config.PYRO_MULTITHREADED = 0
    daemon = running()
    made: list[Any] = []
    daemon.setInitTLS(made.append)
    uri = daemon.connect(Thing())
    assert [uri.getProxy().count(), uri.getProxy().count()] == [1, 2]
    assert made == [daemon.getLocalStorage()]


def test_a_method_that_serves_others_is_still_told_who_called_it(running: Any) -> None:
    Pyro.config.PYRO_MULTITHREADED = 0

    class Nested(Pyro.core.ObjBase):
        begun = threading.Event()
        other: Any = None

        def outer(self) -> Any:
            self.begun.set()
            while self.other is None:
                self.getDaemon().handleRequests(0.1)
            return self.getLocalStorage().caller.addr

        def inner(self) -> Any:
            self.other = self.getLocalStorage().caller.addr
            return self.other

    uri = running().connect(Nested())
    found: list[Any] = []
    asking = threading.Thread(target=lambda: found.append(uri.getProxy().outer()))
    asking.start()
    assert Nested.begun.wait(10)
    found.append(uri.getProxy().inner())
    asking.join()
    assert len({*found}) == 2


def test_transients_that_nobody_uses_are_reaped(threaded: int, running: Any) -> None:
    daemon = running()
    named, old = Thing(), Thing()
    daemon.connect(named, "named")
    daemon.connect(old)
    old.lastUsed = named.lastUsed = time.time() - 100
    daemon.setTransientsCleanupAge(60 if not threaded else 0.2)
    named.getProxy().echo(1)
    assert old.done.wait(10)
    assert old.reaped == [None]
    assert named.objectGUID in daemon.getRegistered()


def test_what_is_used_while_others_are_reaped_stays(threaded: int) -> None:
    class First(Thing):
        def _gotReaped(self) -> None:
            second.lastUsed = time.time()

    daemon = Pyro.core.Daemon(port=0, norange=1)
    first, second = First(), Thing()
    for one in (first, second):
        daemon.connect(one)
        one.lastUsed = 0
    daemon.setTransientsCleanupAge(60)
    daemon.reap()
    assert {first.objectGUID, second.objectGUID} & {*daemon.getRegistered()} == {
        second.objectGUID
    }
    daemon.closedown()


def test_idle_clients_are_disconnected(
    threaded: int, running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pyrophone.sync.line.QUIET", 0)  # looks at the connection always
    daemon = Pyro.core.Daemon(port=0, norange=1)
    daemon.setTimeout(0.1)
    proxy = daemon.connect(Thing()).getProxy()
    running.loop(daemon)
    assert proxy.echo(1) == 1
    wait_until(lambda: not daemon.connections)
    with pytest.raises(ConnectionClosedError):
        proxy.echo(1)
    assert proxy.echo(1) == 1


def test_a_time_out_is_for_clients_too_who_are_there_already(
    threaded: int, running: Any
) -> None:
    daemon = running()
    proxy = daemon.connect(Thing()).getProxy()
    assert proxy.echo(1) == 1
    daemon.setTimeout(0.1)
    assert proxy.echo(2) == 2
    wait_until(lambda: not daemon.connections)


def test_pass_phrases(threaded: int, running: Any) -> None:
    daemon = running()
    daemon.setAllowedIdentifications(["one", "two"])
    with pytest.raises(TypeError, match="ids must be a list"):
        daemon.setAllowedIdentifications("one")
    proxy = daemon.connect(Thing(), "a").getProxy()
    for wrong in (None, "three"):
        proxy._setIdentification(wrong)
        with pytest.raises(ConnectionDeniedError, match="security reasons"):
            proxy.echo(1)
    for right in ("one", "two"):
        proxy._setIdentification(right)
        proxy._release()
        assert proxy.echo(1) == 1
    place = Pyro.core.getProxyForURI(f"PYROLOC://localhost:{daemon.port}/a")
    with pytest.raises(ConnectionDeniedError):
        place.echo(1)
    assert place.URI.protocol == "PYROLOC"
    place._setIdentification("one")
    assert place.echo(1) == 1
    daemon.setAllowedIdentifications(None)
    assert daemon.connect(Thing()).getProxy().echo(1) == 1


def test_nobody_is_served_before_having_answered(running: Any) -> None:
    """Not even by who leaves the answer out, and it is to be given once."""
    daemon = running()
    daemon.setAllowedIdentifications(["secret"])
    proxy = daemon.connect(Thing()).getProxy()
    adapter = proxy.adapter
    adapter._log_in = lambda: setattr(adapter, "_challenge", None)
    for _ in range(2):
        with pytest.raises(ConnectionClosedError):
            proxy.echo(1)
    del adapter._log_in
    seen: list[Any] = []

    class Curious(Pyro.protocol.DefaultConnValidator):
        def createAuthToken(self, *args: Any) -> Any:
            seen.append(args[1])
            return b"wrong"

    proxy._setNewConnectionValidator(Curious())
    for _ in range(2):
        with pytest.raises(ConnectionDeniedError):
            proxy.echo(1)
    assert len({*seen}) == 2  # each challenge is another
    assert all(type(one) is bytes and len(one) == 32 for one in seen)


class Passwords(Pyro.protocol.DefaultConnValidator):
    """Judges by user and password, with a challenge of its own."""

    blocked = False

    def acceptHost(self, daemon: Any, connection: Any) -> Any:
        if self.blocked:
            return 0, Pyro.constants.DENIED_HOSTBLOCKED
        return super().acceptHost(daemon, connection)

    def createAuthChallenge(self, tcpserver: Any, conn: Any) -> Any:
        return b"0123456789abcdef"

    def mungeIdent(self, ident: Any) -> Any:
        return ident

    def createAuthToken(self, authid: Any, challenge: Any, *args: Any) -> Any:
        assert challenge == b"0123456789abcdef"
        return ":".join(authid) if authid else ""

    def acceptIdentification(
        self, daemon: Any, connection: Any, token: Any, challenge: Any
    ) -> Any:
        assert challenge == b"0123456789abcdef"
        if token != "joe:pw":
            return 0, Pyro.constants.DENIED_SECURITY
        connection.user = "joe"
        return 1, 0


def test_validators_of_programs(threaded: int, running: Any) -> None:
    daemon = running()
    validator = Passwords()
    for wrong in (object(), None):
        with pytest.raises(TypeError):
            daemon.setNewConnectionValidator(wrong)
    daemon.setNewConnectionValidator(validator)
    assert daemon.getNewConnectionValidator() is validator
    uri = daemon.connect(Thing())
    proxy = uri.getProxy()
    with pytest.raises(TypeError):
        proxy._setNewConnectionValidator(object())
    proxy._setNewConnectionValidator(Passwords())
    proxy._setIdentification(("joe", "no"))
    with pytest.raises(ConnectionDeniedError, match="security reasons"):
        proxy.user()
    proxy._setIdentification(("joe", "pw"))
    assert proxy.user() == "joe"
    validator.blocked = True
    with pytest.raises(ConnectionDeniedError, match="host blocked"):
        uri.getProxy().user()
    assert proxy.user() == "joe"


def test_a_validator_that_fails_lets_nobody_in(running: Any) -> None:
    class Broken(Pyro.protocol.DefaultConnValidator):
        def acceptHost(self, daemon: Any, connection: Any) -> Any:
            raise RuntimeError("a secret")

    daemon = running()
    daemon.setNewConnectionValidator(Broken())
    with pytest.raises(ConnectionDeniedError, match="unspecified reason"):
        daemon.connect(Thing()).getProxy().echo(1)
    assert not daemon.connections


def test_the_number_of_connections_is_limited(threaded: int, running: Any) -> None:
    Pyro.config.PYRO_MAXCONNECTIONS = 2
    daemon = running()
    uri = daemon.connect(Thing())
    proxies = [uri.getProxy() for _ in range(3)]
    assert [proxy.echo(1) for proxy in proxies[:2]] == [1, 1]
    with pytest.raises(ConnectionDeniedError, match="server too busy"):
        proxies[2].echo(1)
    proxies[0]._release()
    wait_until(lambda: len(daemon.connections) < 2)
    assert proxies[2].echo(1) == 1


def test_connections_as_programs_see_them(running: Any) -> None:
    Pyro.config.PYRO_SOCK_KEEPALIVE = 0
    daemon = running()
    proxy = daemon.connect(Thing()).getProxy()
    assert proxy.caller() == daemon.connections[0].addr
    (connection,) = daemon.connections
    assert str(connection) == f"TCPConnection with {connection.addr} connected=1"
    assert connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 0
    assert connection.fileno() == connection.sock.fileno() > 0
    connection.close()
    wait_until(lambda: not daemon.connections)
    assert connection.connected == 0


class Doorman(Pyro.core.ObjBase):
    def leave(self) -> str:
        self.getLocalStorage().caller.close()
        return "good bye"

    def ping(self) -> str:
        return "pong"


def test_who_was_shown_out_is_not_served_any_more(threaded: int, running: Any) -> None:
    proxy = running().connect(Doorman()).getProxy()
    for _ in range(5):  # without threads the next call could be faster than the end
        assert proxy.leave() == "good bye"
        with pytest.raises(ConnectionClosedError):
            proxy.ping()
        assert proxy.ping() == "pong"


class Callback(Pyro.core.CallbackObjBase):
    def fail(self) -> None:
        raise ValueError("on purpose")


def test_errors_of_callbacks_are_raised_in_the_loop() -> None:
    Pyro.config.PYRO_MULTITHREADED = 0
    daemon = Pyro.core.Daemon(port=0, norange=1)
    for thing, raised in ((Thing(), False), (Callback(), True)):
        proxy = daemon.connect(thing).getProxy()
        caught: list[str] = []
        asking = threading.Thread(
            target=lambda p=proxy, c=caught: c.append(error_of(p.fail))
        )
        asking.start()
        seen = ""
        while asking.is_alive() or not caught:
            try:
                daemon.handleRequests(0.02)
            except ValueError as error:
                seen = str(error)
        assert caught == ["on purpose"]
        assert seen == ("on purpose" if raised else "")
    daemon.shutdown()


def test_errors_of_callbacks_are_told_by_their_threads(
    running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", told.append)
    proxy = running().connect(Callback()).getProxy()
    assert error_of(proxy.fail) == "on purpose"
    assert [str(one.exc_value) for one in told] == ["on purpose"]
    assert error_of(proxy.fail) == "on purpose"  # the connection is still there


def test_one_call_at_a_time_for_synchronized_objects(running: Any) -> None:
    class Careful(Pyro.core.SynchronizedObjBase):
        inside = most = 0

        def enter(self) -> None:
            self.inside += 1
            self.most = max(self.most, self.inside)
            time.sleep(0.005)  # time for others to come in
            self.inside -= 1

    thing = Careful()
    uri = running().connect(thing)
    threads = [threading.Thread(target=uri.getProxy().enter) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert thing.most == 1


class Relay(Pyro.core.ObjBase):
    def through(self, other: Any) -> Any:
        return other.back(self.getProxy())

    def back(self, first: Any) -> Any:
        return first.GUID()


def test_calls_go_back_to_who_waits(running: Any) -> None:
    one, other = Relay(), Relay()
    proxy = running().connect(one).getProxy()
    assert proxy.through(running().connect(other).getProxy()) == one.objectGUID


def test_a_daemon_without_threads_is_not_waited_for_by_itself(running: Any) -> None:
    """It would be for ever, as it was in Pyro 3."""
    other = running().connect(Relay()).getProxy()
    Pyro.config.PYRO_MULTITHREADED = 0
    proxy = running().connect(Relay()).getProxy()
    with pytest.raises(ProtocolError, match="wait"):
        proxy.through(other)


def test_code_does_not_travel() -> None:
    thing = Thing()
    thing.setCodeValidator(lambda *args: 1)
    with pytest.raises(TypeError):
        thing.setCodeValidator(3)
    for name in ("remote_supply_code", "remote_retrieve_code"):
        with pytest.raises(Pyro.core.PyroError, match="code does not travel"):
            getattr(thing, name)("module")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("no uri at all", URIError),
        ("PYRO://localhost", URIError),
        ("PYRO:///x", URIError),
        ("PYRO://localhost:99999/x", URIError),
        ("PYRO://localhost:port/x", URIError),
        ("FOO://localhost:1/abc", ProtocolError),
        ("PYRONAMESSL://name", ProtocolError),
        ("PYRO://no.such.host.invalid/x", URIError),
        ("PYROLOC:///x", URIError),
        ("PYRO://" + "x" * 10_000, URIError),
        (None, URIError),
    ],
)
def test_what_is_no_uri(text: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        Pyro.core.getProxyForURI(text)


def test_uris() -> None:
    uri = Pyro.core.PyroURI("PYRO://localhost:1234/abc\n")
    assert str(uri) == "PYRO://127.0.0.1:1234/abc"
    assert repr(uri) == "<PyroURI 'PYRO://127.0.0.1:1234/abc'>"
    assert uri == uri.clone() == Pyro.core.PyroURI(uri)
    assert hash(uri) == hash(uri.clone())
    assert (uri == str(uri), uri == 3) == (True, False)
    assert uri == Pyro.core.PyroURI("localhost", "abc", 1234)
    assert Pyro.core.PyroURI("localhost", "abc").port == Pyro.config.PYRO_PORT
    assert Pyro.core.processStringURI("PYROLOC://localhost:5/:a.b").objectID == ":a.b"
    for parts, error in (
        (("localhost",), URIError),
        (("a/b", "x"), URIError),
        (("localhost", "x", "7"), TypeError),
    ):
        with pytest.raises(error):
            Pyro.core.PyroURI(*parts)
    Pyro.config.PYRO_DNS_URI = 1
    assert Pyro.core.PyroURI("PYRO://a.b.invalid/x").address == "a.b.invalid"


def test_what_happens_to_connections_is_logged(running: Any, tmp_path: Path) -> None:
    Pyro.config.PYRO_LOGFILE = "log"
    Pyro.config.PYRO_TRACELEVEL = 3
    daemon = running()
    uri = daemon.connect(Thing(), "without a name server")
    with pytest.raises(ValueError, match="on purpose"):
        uri.getProxy().fail()
    daemon.setAllowedIdentifications(["phrase"])
    with pytest.raises(ConnectionDeniedError, match="security"):
        uri.getProxy().fail()
    Pyro.config.PYRO_MAXCONNECTIONS = 0
    with pytest.raises(ConnectionDeniedError, match="busy"):
        uri.getProxy().fail()
    text = (tmp_path / "log").read_text()
    assert text.count("connection refused:") == 2
    for part in (
        "WARN ** Daemon ** no name server known, not registered: without a name server",
        "NOTE ** Daemon ** new connection from ('127.0.0.1', ",
        "ERR! ** Daemon ** error in a method:",
        'raise ValueError("on purpose")',
        "WARN ** Daemon ** connection refused: ('127.0.0.1', ",
    ):
        assert part in text


def test_remote_tracebacks_with_values(serve: Callable[..., Any]) -> None:
    Pyro.config.PYRO_DETAILED_TRACEBACK = 1
    with pytest.raises(ValueError, match="on purpose") as caught:
        serve(Thing()).fail()
    assert "Extended stacktrace follows" in "".join(caught.value.remote_stacktrace)  # type: ignore[attr-defined]


def error_of(call: Callable[[], Any]) -> str:
    try:
        call()
    except ValueError as error:
        return str(error)
    return "none"
