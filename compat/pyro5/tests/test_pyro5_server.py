"""Daemons, through the package as programs use it."""

from __future__ import annotations

import gc
import re
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import Pyro5.api
import Pyro5.server
from Pyro5 import errors
from Pyro5.callcontext import current_context


@Pyro5.api.expose
class Counter:
    """Counts the calls of one instance."""

    def __init__(self) -> None:
        self._count = 0

    def count(self) -> int:
        """Return how many calls there were."""
        self._count += 1
        return self._count

    def me(self) -> Counter:
        """Return the object itself."""
        return self

    def make(self) -> Counter:
        """Return a new one, registered."""
        counter = Counter()
        self._pyroDaemon.register(counter)
        return counter

    def plain(self, target: Any) -> str:
        """Call the count of what came."""
        with target:
            return f"{type(target).__name__} {target.count()}"

    _pyroDaemon: Any


@pytest.fixture
def daemon(running: Callable[[Any], Any], server_type: str) -> Any:
    """A daemon of either type, that runs."""
    return running(Pyro5.api.Daemon())


def two_calls(uri: Any) -> list[int]:
    """Return the counts of two calls over one connection, and one over another."""
    with Pyro5.api.Proxy(uri) as one, Pyro5.api.Proxy(uri) as two:
        return [one.count(), one.count(), two.count()]


@pytest.mark.parametrize(
    ("mode", "counts"),
    [("session", [1, 2, 1]), ("single", [1, 2, 3]), ("percall", [1, 1, 1])],
)
def test_instances_are_made_as_the_mode_says(
    daemon: Any, mode: str, counts: list[int]
) -> None:
    @Pyro5.api.behavior(instance_mode=mode)
    class Moded(Counter):
        pass

    assert two_calls(daemon.register(Moded)) == counts


def test_a_class_without_behavior_has_an_instance_for_each_session(daemon: Any) -> None:
    assert two_calls(daemon.register(Counter)) == [1, 2, 1]


def test_a_registered_instance_serves_everybody(daemon: Any) -> None:
    assert two_calls(daemon.register(Counter())) == [1, 2, 3]


def test_a_creator_makes_the_instance(daemon: Any) -> None:
    def create(cls: type[Counter]) -> Counter:
        counter = cls()
        counter._count = 10
        return counter

    created: Any = Pyro5.api.behavior("percall", create)(type("Created", (Counter,), {}))
    assert two_calls(daemon.register(created)) == [11, 11, 11]
    wrong: Any = Pyro5.api.behavior("percall", lambda cls: 1)(type("Wrong", (Counter,), {}))
    with Pyro5.api.Proxy(daemon.register(wrong)) as proxy:
        with pytest.raises(TypeError, match="gave int"):
            proxy.count()


def test_wrong_uses_of_the_decorators_are_refused() -> None:
    with pytest.raises(SyntaxError, match="missing argument"):
        Pyro5.api.behavior(Counter)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="fast"):
        Pyro5.api.behavior("fast")(Counter)
    with pytest.raises(TypeError, match="only be used on a class"):
        Pyro5.api.behavior("fast")(lambda: 1)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Pyro5.api.behavior("single", 3)(Counter)  # type: ignore[arg-type]
    with pytest.raises(AttributeError, match="private names"):
        Pyro5.api.expose(_received)


def test_registering_marks_the_object_and_unregistering_undoes_it() -> None:
    counter = Counter()
    with Pyro5.api.Daemon() as daemon:
        assert list(daemon.objectsById) == ["Pyro.Daemon"]
        assert type(daemon.objectsById["Pyro.Daemon"]) is Pyro5.api.DaemonObject
        uri = daemon.register(counter)
        assert re.fullmatch(r"PYRO:obj_[0-9a-f]{32}@localhost:\d+", str(uri))
        assert vars(counter)["_pyroId"] == uri.object
        assert counter._pyroDaemon.locationStr == daemon.locationStr
        assert daemon.objectsById[uri.object] is counter
        assert daemon.uriFor(counter) == uri
        daemon.unregister(counter)
        assert vars(counter) == {"_count": 0}
        daemon.register(counter, "again")
        daemon.unregister("again")
        assert vars(counter) == {"_count": 0}
        daemon.unregister("unknown")
        daemon.unregister("Pyro.Daemon")
        assert list(daemon.objectsById) == ["Pyro.Daemon"]


def test_what_cannot_be_registered_is_refused() -> None:
    counter = Counter()
    with Pyro5.api.Daemon() as daemon:
        daemon.register(counter, "one")
        with pytest.raises(errors.DaemonError, match="already has a Pyro id"):
            daemon.register(counter)
        with pytest.raises(errors.DaemonError, match="already registered with that id"):
            daemon.register(Counter(), "one")
        with pytest.raises(errors.DaemonError, match="already registered with that id"):
            daemon.register(Counter(), "Pyro.Daemon")
        with pytest.raises(TypeError):
            daemon.register(Counter(), 666)  # type: ignore[arg-type]
        for thing in (None, 5, object()):
            with pytest.raises(AttributeError):
                daemon.register(thing)
        with pytest.raises(ValueError, match="a b"):
            daemon.register(Counter(), "a b")
        with pytest.raises(errors.DaemonError):
            daemon.unregister(Counter())
        with pytest.raises(ValueError, match="expected"):
            daemon.unregister(None)
        assert list(daemon.objectsById) == ["Pyro.Daemon", "one"]


def test_force_allows_several_ids_and_takes_over_a_used_one() -> None:
    first, second = Counter(), Counter()
    with Pyro5.api.Daemon() as daemon:
        daemon.register(first, "a")
        daemon.register(first, "b", force=True)
        assert [daemon.objectsById[name] for name in "ab"] == [first, first]
        daemon.unregister("b")
        assert daemon.uriFor(first).object == "a"
        daemon.register(second, "a", force=True)
        assert daemon.objectsById["a"] is second


def test_a_weakly_registered_object_goes_when_nobody_else_has_it(daemon: Any) -> None:
    counter = Counter()
    uri = daemon.register(counter, weak=True)
    with Pyro5.api.Proxy(uri) as proxy:
        assert proxy.count() == 1
        del counter
        gc.collect()
        with pytest.raises(errors.DaemonError, match="unknown object"):
            proxy.count()
    with pytest.raises(TypeError):
        daemon.register(Counter, weak=True)


def test_uris_and_proxies_for_ids_and_objects() -> None:
    with Pyro5.api.Daemon() as daemon:
        uri = daemon.register(Counter(), "counter")
        assert daemon.uriFor("counter") == uri
        assert str(daemon.uriFor("unheard")) == f"PYRO:unheard@{daemon.locationStr}"
        with pytest.raises(errors.DaemonError, match="isn't registered"):
            daemon.uriFor(Counter())
        proxy = daemon.proxyFor("counter")
        assert (proxy._pyroUri, proxy._pyroConnection) == (uri, None)
        assert proxy._pyroMethods == {"count", "make", "me", "plain"}
        with pytest.raises(errors.DaemonError, match="unknown object"):
            daemon.proxyFor("unheard")


def test_members_that_come_later_are_seen_after_a_reset(daemon: Any) -> None:
    class Growing(Counter):
        pass

    uri = daemon.register(Growing())
    Growing.more = Pyro5.api.expose(lambda self: 5)  # type: ignore[attr-defined]
    Growing.more.__name__ = "more"  # type: ignore[attr-defined]
    with Pyro5.api.Proxy(uri) as proxy:
        assert not hasattr(proxy, "more")
    daemon.resetMetadataCache(uri.object)
    with Pyro5.api.Proxy(uri) as proxy:
        assert proxy.more() == 5


def test_registered_objects_travel_as_proxies(daemon: Any) -> None:
    uri = daemon.register(Counter())
    with Pyro5.api.Proxy(uri) as proxy:
        me = proxy.me()
        assert (type(me), me._pyroUri) == (Pyro5.api.Proxy, uri)
        with proxy.make() as new:
            assert new._pyroUri != uri
            assert [new.count(), new.count()] == [1, 2]


def test_objects_of_another_daemon_of_the_process_travel_as_proxies(
    daemon: Any, running: Callable[[Any], Any]
) -> None:
    other = running(Pyro5.api.Daemon())
    counter = Counter()
    other.register(counter)
    with Pyro5.api.Proxy(daemon.register(Counter())) as proxy:
        assert proxy.plain(counter) == "Proxy 1"


def test_the_instance_of_a_registered_class_travels_as_proxy_for_the_class(
    daemon: Any,
) -> None:
    class Own(Counter):
        pass

    uri = daemon.register(Own)
    with Pyro5.api.Proxy(uri) as proxy:
        assert proxy.me()._pyroUri == uri


def test_hooks_see_greeting_connection_and_farewell(
    running: Callable[[Any], Any], server_type: str
) -> None:
    gone = threading.Event()
    seen: list[Any] = []

    class Hooked(Pyro5.api.Daemon):
        def validateHandshake(self, conn: Any, data: Any) -> Any:
            if data == "bad":
                raise ValueError("who are you?")
            current_context.track_resource(resource)
            return [data, bytes(current_context.annotations["SIGN"]).decode()]

        def clientDisconnect(self, conn: Any) -> None:
            seen.append(conn.sock.fileno())
            seen.append("left")

        def annotations(self) -> Any:
            return {"DAEM": b"on"}

    class Resource:
        def close(self) -> None:
            seen.append("closed")
            gone.set()

    class Checking(Pyro5.api.Proxy):
        def _pyroValidateHandshake(self, response: Any) -> None:
            seen.append(response)

    resource = Resource()
    daemon = running(Hooked())
    uri = daemon.register(Counter())
    current_context.annotations = {"SIGN": b"me"}
    with Checking(uri) as proxy:
        proxy._pyroHandshake = {"user": "ann"}
        proxy._pyroBind()
        assert current_context.response_annotations == {"DAEM": b"on"}
    assert gone.wait(5)
    assert [seen[0], *seen[2:]] == [[{"user": "ann"}, "me"], "left", "closed"]
    bad = Pyro5.api.Proxy(uri)
    bad._pyroHandshake = "bad"
    with pytest.raises(errors.CommunicationError, match="rejected: who are you"):
        bad._pyroBind()
    assert len(seen) == 4


@pytest.mark.slow
def test_an_idle_client_is_disconnected_after_the_time_limit(
    running: Callable[[Any], Any],
) -> None:
    gone = threading.Event()

    class Noticing(Pyro5.api.Daemon):
        def clientDisconnect(self, conn: Any) -> None:
            gone.set()

    Pyro5.config.COMMTIMEOUT = 0.1
    daemon = running(Noticing())
    with Pyro5.api.Proxy(daemon.register(Counter())) as proxy:
        assert proxy._pyroTimeout == 0.1
        proxy._pyroBind()
        assert gone.wait(5)
        with pytest.raises(errors.ConnectionClosedError):
            proxy.count()
        assert proxy.count() == 1


def test_the_daemon_answers_for_itself(daemon: Any, server_type: str) -> None:
    uri = daemon.register(Counter(), "counter")
    with Pyro5.api.Proxy(f"PYRO:Pyro.Daemon@{uri.location}") as proxy:
        proxy._pyroBind()
        assert proxy._pyroMethods == {
            "get_metadata", "get_next_stream_item", "close_stream", "info", "ping",
            "registered",
        }  # fmt: skip
        assert proxy.ping() is None
        assert proxy.registered() == ["Pyro.Daemon", "counter"]
        names = {"thread": "SocketServer_Threadpool", "multiplex": "SocketServer_Multiplex"}
        counts = {"thread": "4 workers", "multiplex": "1 connections"}
        assert proxy.info() == (
            f"Pyro.Daemon bound on {uri.location}, NAT None, 2 objects registered. "
            f"Servertype: <{names[server_type]} on {uri.location}; {counts[server_type]}>"
        )


def test_the_daemons_own_object_can_be_extended(running: Callable[[Any], Any]) -> None:
    class Extended(Pyro5.api.DaemonObject):
        @Pyro5.api.expose
        def where(self) -> str:
            return str(self.daemon.locationStr)

    daemon = running(Pyro5.api.Daemon(interface=Extended))
    with Pyro5.api.Proxy(f"PYRO:Pyro.Daemon@{daemon.locationStr}") as proxy:
        assert proxy.where() == daemon.locationStr
        assert proxy.ping() is None


def test_texts_and_life_of_a_daemon(server_type: str) -> None:
    daemon = Pyro5.api.Daemon()
    shown = (
        rf"<Pyro5\.server\.Daemon at 0x[0-9a-f]+; {daemon.locationStr} - IPv4; 1 objects>"
    )
    assert re.fullmatch(shown, repr(daemon))
    assert daemon.natLocationStr is None
    with daemon:
        daemon.requestLoop(lambda: False)
    daemon.close()
    assert "closed" in repr(daemon)
    with pytest.raises(errors.PyroError, match="cannot reuse this object"):
        daemon.__enter__()


@pytest.mark.slow
def test_the_loop_ends_with_its_condition_and_can_go_on(server_type: str) -> None:
    called = threading.Event()

    @Pyro5.api.expose
    class Calling:
        def call(self) -> None:
            called.set()

    def call() -> None:
        with Pyro5.api.Proxy(uri) as proxy:
            proxy.call()

    with Pyro5.api.Daemon() as daemon:
        uri = daemon.register(Calling())
        for _ in range(2):
            called.clear()
            thread = threading.Thread(target=call)
            thread.start()
            daemon.requestLoop(lambda: not called.is_set())
            thread.join()


def test_a_method_can_end_its_daemon_and_is_answered(server_type: str) -> None:
    @Pyro5.api.expose
    class Ending:
        def __init__(self, daemon: Any) -> None:
            self._daemon = daemon

        def end(self) -> str:
            self._daemon.shutdown()
            return "done"

    daemon = Pyro5.api.Daemon()
    uri = daemon.register(Ending(daemon))
    thread = threading.Thread(target=daemon.requestLoop)
    thread.start()
    with Pyro5.api.Proxy(uri) as proxy:
        assert proxy.end() == "done"
    thread.join(5)
    assert not thread.is_alive()


def test_a_daemon_can_be_driven_by_another_loop() -> None:
    Pyro5.config.SERVERTYPE = "multiplex"
    with (
        Pyro5.api.Daemon() as daemon,
        socket.create_connection(
            ("localhost", int(daemon.locationStr.rpartition(":")[2]))
        ) as sock,
    ):
        assert daemon.sock in daemon.sockets
        sock.sendall(b"nonsense")
        while b"PYRO" not in _received(sock):
            daemon.events(daemon.sockets)


def _received(sock: socket.socket) -> bytes:
    sock.settimeout(0.01)
    try:
        return sock.recv(4096)
    except TimeoutError:
        return b""


def test_a_unix_socket_is_listened_at_and_removed(
    tmp_path: Path, running: Callable[[Any], Any]
) -> None:
    path = tmp_path / "daemon.sock"
    daemon = running(Pyro5.api.Daemon(unixsocket=str(path)))
    uri = daemon.register(Counter(), "counter")
    assert str(uri) == f"PYRO:counter@./u:{path}"
    assert " - Unix; " in repr(daemon)
    with Pyro5.api.Proxy(uri) as proxy:
        assert proxy.count() == 1
    daemon.shutdown()
    assert not path.exists()


def test_behind_nat_uris_hold_the_public_place() -> None:
    with Pyro5.api.Daemon(nathost="example.org", natport=1234) as daemon:
        assert daemon.natLocationStr == "example.org:1234"
        assert daemon.locationStr.startswith("localhost:")
        assert str(daemon.uriFor("x")) == "PYRO:x@example.org:1234"
        assert str(daemon.uriFor("x", nat=False)) == f"PYRO:x@{daemon.locationStr}"
        assert daemon.register(Counter(), "c").location == "example.org:1234"
    Pyro5.config.NATHOST = "example.net"
    with Pyro5.api.Daemon() as daemon:
        assert daemon.natLocationStr == f"example.net:{daemon.locationStr.split(':')[1]}"


def test_arguments_and_items_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="must provide natport with nathost"):
        Pyro5.api.Daemon(natport=5)
    with pytest.raises(ValueError, match="unixsocket"):
        Pyro5.api.Daemon(nathost="example.org", unixsocket="/tmp/never")
    Pyro5.config.THREADPOOL_SIZE_MIN = 81
    with pytest.raises(ValueError, match="THREADPOOL_SIZE_MIN=81"):
        Pyro5.api.Daemon()
    Pyro5.config.SERVERTYPE = "fast"
    with pytest.raises(errors.PyroError, match="invalid server type 'fast'"):
        Pyro5.api.Daemon()


def test_a_port_in_use_is_an_oserror() -> None:
    with Pyro5.api.Daemon() as daemon, pytest.raises(OSError, match="in use"):
        Pyro5.api.Daemon(port=int(daemon.locationStr.rpartition(":")[2]))


def test_serve_prints_what_it_serves(capsys: pytest.CaptureFixture[str]) -> None:
    class Once(Pyro5.api.Daemon):
        def requestLoop(self, loopCondition: Any = None) -> None:
            pass

    daemon = Once()
    counter = Counter()
    Pyro5.api.serve({counter: "named"}, daemon=daemon, use_ns=False)
    assert capsys.readouterr().out == (
        f"Object {counter!r}:\n"
        f"    uri = PYRO:named@{daemon.locationStr}\n"
        "Pyro daemon running.\n"
    )
    with pytest.raises(errors.PyroError):
        daemon.__enter__()
    Pyro5.server.Daemon.serveSimple(
        {Counter(): None}, daemon=Once(), ns=False, verbose=False
    )
    assert capsys.readouterr().out == ""


def test_a_daemon_that_travels_arrives_as_an_unusable_one(daemon: Any) -> None:
    @Pyro5.api.expose
    class Leaking:
        def daemon(self) -> Any:
            return daemon

    with Pyro5.api.Proxy(daemon.register(Leaking())) as proxy:
        arrived = proxy.daemon()
    assert vars(arrived) == {}
    assert "unusable" in repr(arrived)
