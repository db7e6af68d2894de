"""Daemons: construction, text, registering, loops, hooks, NAT, sockets."""

import contextlib
import os
import re
import socket
import threading
import time

import pytest

from Pyro4 import config, errors
from Pyro4.core import (
    URI,
    Daemon,
    DaemonObject,
    Proxy,
    current_context,
    expose,
    oneway,
)


@expose
class Thing:
    def ping(self):
        return "pong"

    def fail(self):
        return 1 // 0

    def me(self):
        return self

    @oneway
    def quietly(self):
        return 1 // 0

    def who(self):
        return threading.current_thread().name


@pytest.fixture
def own(server_type):
    with contextlib.closing(Daemon()) as made:
        yield made


def eventually(condition):
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_at_first(own, server_type):
    assert list(own.objectsById) == ["Pyro.Daemon"]
    assert isinstance(own.objectsById["Pyro.Daemon"], DaemonObject)
    host, _, port = own.locationStr.partition(":")
    assert host == "localhost"
    assert int(port) == own.sock.getsockname()[1]
    assert own.natLocationStr is None
    assert own.sock in list(own.sockets)
    assert own.streaming_responses == {}
    assert own._pyroHmacKey is None
    kind = {"thread": "Threadpool", "multiplex": "Multiplex"}[server_type]
    assert type(own.transportServer).__name__ == f"SocketServer_{kind}"
    assert own._pyroInstances == {}


def test_text(own):
    text = f"<Pyro4.core.Daemon at 0x{id(own):x}; {own.locationStr} - IPv4; 1 objects>"
    assert repr(own) == text
    assert str(own) == text
    own.register(Thing())
    assert "; 2 objects>" in repr(own)


def test_selectors(own, server_type):
    if server_type == "thread":
        with pytest.raises(TypeError):
            own.selector  # noqa: B018
    else:
        assert own.sock.fileno() in own.selector.get_map()


def test_text_of_servers(own, server_type):
    where, text = own.locationStr, repr(own.transportServer)
    if server_type == "thread":
        assert re.fullmatch(rf"<SocketServer_Threadpool on {where}; \d+ workers>", text)
    else:
        assert text == f"<SocketServer_Multiplex on {where}; 0 connections>"


@pytest.mark.parametrize("host", ["127.0.0.1"])
def test_hosts(server_type, host):
    with Daemon(host) as daemon:
        assert daemon.locationStr.startswith("127.0.0.1:")


def test_the_configured_host(server_type):
    config.HOST = "127.0.0.1"
    with Daemon() as daemon:
        assert daemon.locationStr.startswith("127.0.0.1:")


@pytest.mark.parametrize("host", ["", "0.0.0.0"])
def test_all_interfaces(server_type, host):
    with Daemon(host) as daemon:
        assert daemon.sock.getsockname()[0] == "0.0.0.0"


def test_a_port_in_use(own):
    port = own.sock.getsockname()[1]
    with pytest.raises(OSError, match=r"[Aa]ddress already in use"):
        Daemon(port=port)


def test_an_impossible_port(server_type):
    with pytest.raises(OverflowError):
        Daemon(port=70000)


def test_an_unknown_server_type():
    config.SERVERTYPE = "foobar"
    with pytest.raises(errors.PyroError):
        Daemon()


@pytest.mark.parametrize(("size", "least"), [(0, 0), (-1, -1), (3, 5), (1, 2)])
def test_wrong_sizes_of_the_pool(size, least):
    config.THREADPOOL_SIZE, config.THREADPOOL_SIZE_MIN = size, least
    with pytest.raises(ValueError):  # noqa: PT011
        Daemon()


@pytest.mark.parametrize("abstract", [False, True])
def test_unix_sockets(server_type, tmp_path, start, abstract):
    path = f"\0facts-{os.getpid()}-{server_type}" if abstract else str(tmp_path / "a b")
    daemon = Daemon(unixsocket=path)
    assert daemon.locationStr == f"./u:{path}"
    assert f"; ./u:{path} - Unix; 1 objects>" in repr(daemon)
    uri = daemon.register(Thing(), "thing")
    assert str(uri) == f"PYRO:thing@./u:{path}"
    if not abstract:
        start(daemon)
        with Proxy(uri) as proxy:
            assert proxy.ping() == "pong"
            assert "connected Unix" in repr(proxy)
        assert os.path.exists(path)
        daemon.shutdown()
        eventually(lambda: not os.path.exists(path))
    else:
        daemon.close()


def test_nat(server_type):
    with Daemon(nathost="nat.example", natport=1234) as daemon:
        assert daemon.natLocationStr == "nat.example:1234"
        assert daemon.locationStr != daemon.natLocationStr
        thing = Thing()
        assert daemon.register(thing, "thing").location == "nat.example:1234"
        assert daemon.uriFor(thing).location == "nat.example:1234"
        assert daemon.uriFor(thing, nat=False).location == daemon.locationStr
        assert daemon.uriFor("anything").location == "nat.example:1234"
        assert daemon.proxyFor(thing)._pyroUri.location == "nat.example:1234"
        assert daemon.proxyFor(thing, nat=False)._pyroUri.location == daemon.locationStr


def test_nat_from_the_configuration(server_type):
    config.NATHOST, config.NATPORT = "nat.example", 1234
    with Daemon() as daemon:
        assert daemon.natLocationStr == "nat.example:1234"
    config.NATPORT = 0
    with Daemon() as daemon:
        assert daemon.natLocationStr == f"nat.example:{daemon.sock.getsockname()[1]}"


def test_a_configured_nat_port_without_a_host(server_type):
    config.NATPORT = 1234
    with Daemon() as daemon:
        assert daemon.natLocationStr is None


@pytest.mark.parametrize("host", ["nat.example", "10.1.2.3"])
def test_nat_with_the_same_port(server_type, host):
    with Daemon(nathost=host, natport=0) as daemon:
        assert daemon.natLocationStr == f"{host}:{daemon.sock.getsockname()[1]}"


def test_nat_with_a_port_that_is_no_port(server_type):
    with Daemon(nathost="nat.example", natport=99999) as daemon:
        assert daemon.natLocationStr == "nat.example:99999"


def has_ipv6():
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")


@ipv6
def test_ipv6(server_type, start):
    daemon = Daemon("::1")
    port = daemon.sock.getsockname()[1]
    assert daemon.locationStr == f"[::1]:{port}"
    assert f"; [::1]:{port} - IPv6; 1 objects>" in repr(daemon)
    uri = daemon.register(Thing(), "thing")
    assert str(uri) == f"PYRO:thing@[::1]:{port}"
    start(daemon)
    with Proxy(uri) as proxy:
        assert proxy.ping() == "pong"
        assert "connected IPv6" in repr(proxy)


@ipv6
@pytest.mark.parametrize("port", [1234])
def test_nat_with_ipv6(server_type, port):
    with Daemon("::1", nathost="[fe80::1]", natport=port) as daemon:
        shown = port or daemon.sock.getsockname()[1]
        assert daemon.natLocationStr == f"[fe80::1]:{shown}"
        assert daemon.uriFor("x").location == f"[fe80::1]:{shown}"


def test_impossible_nat(server_type, tmp_path):
    with pytest.raises(ValueError):  # noqa: PT011
        Daemon(natport=1234)
    with pytest.raises(ValueError):  # noqa: PT011
        Daemon(unixsocket=str(tmp_path / "x"), nathost="nat.example")


def test_ids(own):
    thing = Thing()
    uri = own.register(thing)
    assert isinstance(uri, URI)
    assert uri.object.startswith("obj_")
    assert len(uri.object) == 36
    assert thing._pyroId == uri.object
    assert own.objectsById[uri.object] is thing
    named = Thing()
    assert str(own.register(named, "name")) == f"PYRO:name@{own.locationStr}"
    assert own.uriFor(named) == own.uriFor("name")
    assert own.register(Thing(), "").object.startswith("obj_")


def test_what_cannot_be_registered(own):
    with pytest.raises(TypeError):
        own.register(Thing(), 666)
    with pytest.raises(AttributeError):
        own.register(None)
    with pytest.raises(AttributeError):
        own.register(4444)
    with pytest.raises(TypeError):
        own.register(Thing(), b"bytes")
    with pytest.raises((TypeError, AttributeError)):
        own.register(int)


def test_what_is_marked(own):
    thing = Thing()
    own.register(thing, "thing")
    assert thing._pyroId == "thing"
    assert thing._pyroDaemon is own


def test_attributes_must_be_allowed(own):
    class Slotted:
        __slots__ = ()

        @expose
        def ping(self):
            pass

    with pytest.raises(AttributeError):
        own.register(Slotted())


def test_registering_twice(own):
    thing = Thing()
    own.register(thing, "one")
    with pytest.raises(errors.DaemonError, match="object or class already has a Pyro id"):
        own.register(thing, "two")
    with pytest.raises(
        errors.DaemonError, match="an object or class is already registered with that id"
    ):
        own.register(Thing(), "one")
    with pytest.raises(errors.DaemonError):
        own.register(Thing(), "Pyro.Daemon")


def test_registering_twice_with_force(own):
    thing = Thing()
    own.register(thing, "one")
    own.register(thing, "two", force=True)
    assert own.objectsById["one"] is thing
    assert own.objectsById["two"] is thing
    assert len(own.objectsById) == 3
    assert thing._pyroId == "two"
    other = Thing()
    own.register(other, "one", force=True)
    assert own.objectsById["one"] is other


def test_an_id_by_hand(own):
    thing = Thing()
    thing._pyroId = ""
    uri = own.register(thing)
    assert uri.object.startswith("obj_")
    assert thing._pyroId == uri.object


def test_an_id_by_hand_counts(own):
    thing = Thing()
    thing._pyroId = "elsewhere"
    with pytest.raises(errors.DaemonError, match="object or class already has a Pyro id"):
        own.register(thing)
    own.register(thing, force=True)


@pytest.mark.fixed("1.2: the object stays, without a URI")
@pytest.mark.parametrize("object_id", ["a b", "a@b"])
def test_impossible_ids(own, object_id):
    with pytest.raises((errors.PyroError, ValueError)):
        own.register(Thing(), object_id)
    assert list(own.objectsById) == ["Pyro.Daemon"]


def test_two_daemons_for_one_object(own):
    thing = Thing()
    own.register(thing, "one")
    with Daemon() as other:
        with pytest.raises(
            errors.DaemonError, match="object or class already has a Pyro id"
        ):
            other.register(thing, "one")
        other.register(thing, "one", force=True)
        assert thing._pyroDaemon is other
        own.unregister("one")
        assert thing._pyroDaemon is other


def test_unregistering(own):
    thing = Thing()
    own.register(thing, "one")
    own.unregister(thing)
    assert "one" not in own.objectsById
    assert not [name for name in vars(thing) if name.startswith("_pyro")]
    own.register(thing, "one")
    own.unregister("one")
    assert "one" not in own.objectsById
    own.unregister("one")
    own.unregister("Pyro.Daemon")
    assert "Pyro.Daemon" in own.objectsById
    with pytest.raises(ValueError):  # noqa: PT011
        own.unregister(None)
    with pytest.raises(errors.DaemonError):
        own.unregister(Thing())


def test_unregistering_by_id_leaves_the_marks(own):
    thing = Thing()
    own.register(thing, "one")
    own.unregister("one")
    assert (thing._pyroId, thing._pyroDaemon) == ("one", own)
    with pytest.raises(errors.DaemonError, match="object isn't registered in this daemon"):
        own.uriFor(thing)


def test_unregistering_other_things(own):
    thing = Thing()
    uri = own.register(thing, "one")
    for other in (uri, 5, b"one"):
        with pytest.raises(errors.DaemonError, match="object isn't registered"):
            own.unregister(other)
    assert "one" in own.objectsById


def test_a_class(own):
    class Some(Thing):
        pass

    uri = own.register(Some)
    assert own.objectsById[uri.object] is Some
    assert (Some._pyroId, Some._pyroDaemon) == (uri.object, own)
    assert Some._pyroInstancing == ("session", None)
    with pytest.raises(errors.DaemonError, match="object or class already has a Pyro id"):
        own.register(Some)
    own.register(Some, "again", force=True)
    assert own.uriFor(Some).object == "again"
    own.unregister(Some)
    assert {"_pyroId", "_pyroDaemon"}.isdisjoint(vars(Some))
    own.register(Some, "third")


@pytest.mark.fixed("8: registering an instance of an already registered class raises")
def test_classes_and_instances(own):
    class Some(Thing):
        pass

    own.register(Some, "class")
    one, two = Some(), Some()
    own.register(one, "one")
    own.register(two, "two")
    assert len(own.objectsById) == 4
    assert own.objectsById["class"] is Some
    assert (Some._pyroId, one._pyroId, two._pyroId) == ("class", "one", "two")
    own.unregister(Some)
    assert "_pyroId" not in vars(Some)
    assert set(own.objectsById) == {"Pyro.Daemon", "one", "two"}


def test_uris(own):
    with pytest.raises(errors.DaemonError):
        own.uriFor(Thing())
    thing = Thing()
    own.register(thing, "thing")
    assert str(own.uriFor(thing)) == f"PYRO:thing@{own.locationStr}"
    assert str(own.uriFor("unknown")) == f"PYRO:unknown@{own.locationStr}"
    own.unregister(thing)
    with pytest.raises(errors.DaemonError):
        own.uriFor(thing)


def test_proxies(own):
    with pytest.raises(errors.DaemonError):
        own.proxyFor("unknown")
    with pytest.raises(errors.DaemonError):
        own.proxyFor(Thing())


def test_resetting_what_is_unknown(own):
    own.resetMetadataCache("unknown")
    with pytest.raises(errors.DaemonError):
        own.resetMetadataCache(Thing())


def test_the_control_object(own):
    control = DaemonObject(own)
    own.register(Thing(), "thing")
    assert set(control.registered()) == {"Pyro.Daemon", "thing"}
    assert control.ping() is None
    assert control.info().startswith(
        f"Pyro.Daemon bound on {own.locationStr}, NAT None, 2 objects registered. Servertype: "
    )
    assert control.info().endswith(repr(own.transportServer))
    meta = control.get_metadata("thing")
    assert set(meta["methods"]) == {"ping", "fail", "me", "quietly", "who"}
    assert set(meta["oneway"]) == {"quietly"}
    assert set(meta["attrs"]) == set()
    with pytest.raises(errors.DaemonError, match="unknown object"):
        control.get_metadata("nonexisting")
    assert set(control.get_metadata("Pyro.Daemon")["methods"]) == {
        *(
            "get_metadata",
            "get_next_stream_item",
            "close_stream",
            "info",
            "ping",
            "registered",
        )
    }


def test_another_control_object(server_type, start):
    class Extended(DaemonObject):
        @expose
        def extra(self):
            return "more"

    daemon = start(Daemon(interface=Extended))
    with Proxy(daemon.uriFor("Pyro.Daemon")) as proxy:
        assert proxy.extra() == "more"
        assert proxy.ping() is None


def test_a_loop_with_a_false_condition(own):
    config.POLLTIMEOUT = 2.0
    before = time.monotonic()
    own.requestLoop(loopCondition=lambda: False)
    assert time.monotonic() - before < 1.0  # it waits for nothing


def test_a_loop_asks_its_condition(own):
    asked = []

    def condition():
        asked.append(1)
        return len(asked) < 3

    own.requestLoop(condition)
    assert len(asked) == 3
    own.requestLoop(lambda: False)


def test_events(server_type):
    with contextlib.closing(Daemon()) as daemon:
        uri = daemon.register(Thing())
        results = []

        def call():
            with Proxy(uri) as proxy:
                results.append(proxy.ping())

        thread = threading.Thread(target=call)
        thread.start()
        end = time.monotonic() + 5
        while thread.is_alive() and time.monotonic() < end:
            if server_type == "thread":
                daemon.events([daemon.sock])
            else:
                keys = daemon.selector.select(0.05)
                daemon.events([key.fileobj for key, _ in keys])
        thread.join(5)
        assert results == ["pong"]


def test_shutdown_ends_the_loop(server_type):
    daemon = Daemon()
    thread = threading.Thread(target=daemon.requestLoop)
    thread.start()
    with Proxy(daemon.uriFor("Pyro.Daemon")) as proxy:
        proxy.ping()
        daemon.shutdown()
        thread.join(5)
        assert not thread.is_alive()
    with pytest.raises(errors.CommunicationError):
        Proxy(proxy._pyroUri)._pyroBind()


def test_closing(server_type):
    daemon = Daemon()
    daemon.close()
    daemon.close()
    with pytest.raises(errors.PyroError, match="cannot reuse this object"):
        with daemon:
            pass


@pytest.mark.fixed("text of a closed daemon")
def test_text_of_closed_daemons(server_type):
    daemon = Daemon()
    daemon.close()
    assert "Daemon" in repr(daemon)


def test_closing_at_the_end_of_a_block(server_type):
    with Daemon() as daemon:
        sock = daemon.sock
        assert isinstance(daemon, Daemon)
    assert sock.fileno() == -1


def test_housekeeping(server_type, start):
    called = threading.Event()

    class Keeping(Daemon):
        def housekeeping(self):
            called.set()

    start(Keeping())
    assert called.wait(5)


def test_client_disconnect(server_type, start):
    gone = []
    event = threading.Event()

    class Watching(Daemon):
        def clientDisconnect(self, conn):
            gone.append(conn.getpeercert())
            event.set()

    daemon = start(Watching())
    with Proxy(daemon.uriFor("Pyro.Daemon")) as proxy:
        proxy.ping()
        assert gone == []
    assert event.wait(5)
    assert gone == [None]


def test_disconnects_of_two_daemons_run_side_by_side(start):
    config.SERVERTYPE = "multiplex"
    barrier = threading.Barrier(3)

    class Meeting(Daemon):
        def clientDisconnect(self, conn):
            barrier.wait(5)

    proxies = [Proxy(start(Meeting()).uriFor("Pyro.Daemon")) for _ in range(2)]
    for proxy in proxies:
        proxy.ping()
    for proxy in proxies:
        proxy._pyroRelease()
    barrier.wait(5)
    assert not barrier.broken


class Resource:
    def __init__(self):
        self.closed = threading.Event()

    def close(self):
        self.closed.set()


@expose
class Tracking:
    def __init__(self):
        self.resource = Resource()
        self.other = Resource()
        self.order = []

    def track(self):
        current_context.track_resource(self.resource)
        current_context.track_resource(self.other)

    def untrack(self):
        current_context.untrack_resource(self.other)


def test_tracked_resources(daemon):
    tracking = Tracking()
    with Proxy(daemon.register(tracking)) as proxy:
        proxy.track()
        proxy.untrack()
        assert not tracking.resource.closed.is_set()
    assert tracking.resource.closed.wait(5)
    assert not tracking.other.closed.is_set()


def test_tracking_outside_a_call():
    current_context.client = None
    with pytest.raises(errors.PyroError):
        current_context.track_resource(Resource())
    with pytest.raises(errors.PyroError):
        current_context.untrack_resource(Resource())


def test_a_socket_pair(server_type):
    one, two = socket.socketpair()
    daemon = Daemon(connected_socket=one)
    assert daemon.locationStr == "./u:<<not-bound>>"
    assert type(daemon.transportServer).__name__ == "SocketServer_ExistingConnection"
    with pytest.raises(errors.PyroError):
        daemon.events([one])
    with pytest.raises(errors.PyroError):
        daemon.combine(daemon)
    daemon.register(Thing(), "thing")
    thread = threading.Thread(target=daemon.requestLoop)
    thread.start()
    for _ in range(2):
        proxy = Proxy("thing", connected_socket=two)
        assert str(proxy._pyroUri) == "PYRO:thing@<<connected-socket>>:0"
        assert proxy.ping() == "pong"
        assert "ping" in proxy._pyroMethods
        assert proxy._pyroConnection.keep_open
        connection = proxy._pyroConnection
        proxy._pyroRelease()
        assert proxy._pyroConnection is connection
        assert not proxy._pyroBind()
        assert proxy.ping() == "pong"
    assert two.fileno() != -1
    two.close()
    thread.join(5)
    assert not thread.is_alive()
    daemon.close()
    one.close()


def test_serving(capsys, server_type):
    class Ending(Daemon):
        def requestLoop(self, loopCondition=lambda: True):
            pass

    thing = Thing()
    daemon = Ending()
    location = daemon.locationStr
    Daemon.serveSimple({thing: "name"}, daemon=daemon, ns=False)
    out = capsys.readouterr().out
    assert out == (
        f"Object {thing!r}:\n    uri = PYRO:name@{location}\nPyro daemon running.\n"
    )
    with pytest.raises(errors.PyroError):
        daemon.__enter__()


def test_serving_quietly(capsys, server_type):
    class Ending(Daemon):
        def requestLoop(self, loopCondition=lambda: True):
            pass

    class Some(Thing):
        pass

    Daemon.serveSimple(
        {Thing(): None, Some: "class"}, daemon=Ending(), ns=False, verbose=False
    )
    Daemon.serveSimple({Thing(): "x"}, daemon=Ending(), ns=False, verbose=False)
    assert capsys.readouterr().out == ""


def test_serving_the_same_name_twice(server_type):
    with pytest.raises(errors.DaemonError):
        Daemon.serveSimple({Thing(): "x", Thing(): "x"}, ns=False, verbose=False)


def test_combining(server_type):
    one, two = Daemon(), Daemon()
    try:
        if server_type == "thread":
            with pytest.raises(TypeError):
                one.combine(two)
        else:
            one.combine(two)
            assert len(one.sockets) == 2
            assert set(one.sockets) == {one.sock, two.sock}
            assert one.selector is two.selector
    finally:
        with contextlib.suppress(Exception):
            two.close()
        one.close()


def test_calling_combined_daemons(start):
    config.SERVERTYPE = "multiplex"
    one, two = Daemon(), Daemon()
    uris = [one.register(Thing()), two.register(Thing())]
    one.combine(two)
    start(one)
    for uri in uris:
        with Proxy(uri) as proxy:
            assert proxy.ping() == "pong"
    one.shutdown()
    two.close()


def test_threads(daemon, server_type):
    with Proxy(daemon.register(Thing())) as proxy:
        assert proxy.who() != threading.current_thread().name


def test_changes_of_the_size_limit_count(daemon):
    with Proxy(daemon.register(Thing())) as proxy:
        proxy._pyroBind()
        config.MAX_MESSAGE_SIZE = 2500
        with pytest.raises(errors.ProtocolError, match="max message size exceeded"):
            proxy._pyroInvoke("ping", ("x" * 3000,), {})
        config.MAX_MESSAGE_SIZE = 0
        assert proxy.ping() == "pong"


@pytest.mark.slow
def test_a_method_may_end_its_daemon():
    @expose
    class Ending:
        def end(self):
            self._pyroDaemon.shutdown()
            return "ended"

    config.SERVERTYPE = "thread"
    daemon = Daemon()
    uri = daemon.register(Ending())
    thread = threading.Thread(target=daemon.requestLoop)
    thread.start()
    with Proxy(uri) as proxy:
        assert proxy.end() == "ended"
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.slow
def test_idle_connections_end_with_commtimeout(start):
    config.SERVERTYPE = "thread"
    config.COMMTIMEOUT = 0.2
    gone = threading.Event()

    class Watching(Daemon):
        def clientDisconnect(self, conn):
            gone.set()

    daemon = start(Watching())
    config.COMMTIMEOUT = 0.0
    with Proxy(daemon.uriFor("Pyro.Daemon")) as proxy:
        proxy.ping()
        config.COMMTIMEOUT = 0.2
        with Proxy(daemon.uriFor("Pyro.Daemon")) as other:
            other.ping()
            config.COMMTIMEOUT = 0.0
            assert gone.wait(5)
            with pytest.raises(errors.ConnectionClosedError):
                other.ping()
        proxy.ping()
