"""Daemons: what is registered, where it is, and what becomes of it."""

from __future__ import annotations

import copy
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import Pyro4
import Pyro4.core
from Pyro4 import errors
from Pyro4.configuration import AUTO, config
from pyrophone.net import sockets

LIMIT = 10.0


@Pyro4.expose
class Counter:
    """Counts how often it was asked."""

    made = 0

    def __init__(self) -> None:
        type(self).made += 1
        self._count = 0

    def __len__(self) -> int:
        return 0  # which makes its instances false

    def next(self) -> int:
        """Return one more than the last time."""
        self._count += 1
        return self._count


class Bare:
    """Nothing of it is marked."""

    def hello(self) -> str:
        return "hello"

    @Pyro4.oneway
    def silent(self) -> None: ...


@pytest.fixture
def daemon() -> Iterator[Any]:
    """A daemon that nobody calls."""
    with Pyro4.Daemon() as daemon:
        yield daemon


# Registering.


def test_who_registers_an_unmarked_class_is_warned_and_nobody_later(daemon: Any) -> None:
    class Unmarked(Bare): ...

    with pytest.warns(UserWarning, match="Unmarked has no @Pyro4") as caught:
        daemon.register(Unmarked())
    assert len(caught) == 1
    daemon.register(Unmarked())

    class Late(Bare): ...

    config.REQUIRE_EXPOSE = True
    uri = daemon.register(Late())
    config.REQUIRE_EXPOSE = AUTO  # of which any thread may take notice
    assert daemon.proxyFor(uri.object)._pyroMethods == {"hello", "silent"}


def test_registering_marks_the_object_and_unregistering_undoes_it(daemon: Any) -> None:
    counter = Counter()
    uri = daemon.register(counter)
    assert re.fullmatch(r"PYRO:obj_[0-9a-f]{32}@localhost:\d+", str(uri))
    assert vars(counter)["_pyroId"] == uri.object
    assert vars(counter)["_pyroDaemon"] is daemon
    assert daemon.objectsById[uri.object] is counter
    assert isinstance(daemon.objectsById["Pyro.Daemon"], Pyro4.core.DaemonObject)
    daemon.unregister(counter)
    assert "_pyroId" not in vars(counter)
    assert list(daemon.objectsById) == ["Pyro.Daemon"]


def test_unregistering_by_id_leaves_the_marks(daemon: Any) -> None:
    counter = Counter()
    daemon.register(counter, "one")
    daemon.unregister("one")
    assert vars(counter)["_pyroId"] == "one"
    with pytest.raises(errors.DaemonError, match="already has a Pyro id"):
        daemon.register(counter)
    daemon.unregister(counter)
    daemon.register(counter)
    for passed_over in ("nobody", "Pyro.Daemon"):
        daemon.unregister(passed_over)
    assert len(daemon.objectsById) == 2


def test_what_can_not_be_registered_is_refused(daemon: Any) -> None:
    counter = Counter()
    daemon.register(counter, "one")
    with pytest.raises(errors.DaemonError, match="object or class already has a Pyro id"):
        daemon.register(counter)
    with pytest.raises(errors.DaemonError, match="already registered with that id"):
        daemon.register(Counter(), "one")
    with pytest.raises(TypeError, match="objectId must be a string or None"):
        daemon.register(Counter(), 5)
    with pytest.raises(errors.PyroError, match="invalid uri"):
        daemon.register(Counter(), "a b")
    for impossible in (None, 5):
        with pytest.raises(AttributeError):
            daemon.register(impossible)
    with pytest.raises(ValueError, match="object or objectid argument expected"):
        daemon.unregister(None)
    with pytest.raises(errors.DaemonError, match="isn't registered"):
        daemon.unregister(Counter())
    with Pyro4.Daemon() as other, pytest.raises(errors.DaemonError):
        other.register(counter)
    assert list(daemon.objectsById) == ["Pyro.Daemon", "one"]


def test_force_allows_several_ids_and_takes_over_a_used_one(daemon: Any) -> None:
    counter, other = Counter(), Counter()
    daemon.register(counter, "one")
    daemon.register(counter, "two", force=True)
    daemon.register(other, "one", force=True)
    assert daemon.objectsById["one"] is other
    assert daemon.objectsById["two"] is counter
    assert vars(counter)["_pyroId"] == "two"


def test_the_id_of_a_class_is_not_that_of_its_instances(daemon: Any) -> None:
    class Slotted:
        __slots__ = ("_pyroDaemon", "_pyroId")

        @Pyro4.expose
        def hello(self) -> str:
            return "hello"

    class Derived(Counter): ...

    daemon.register(Counter, "class")
    try:
        daemon.register(Derived, "derived")
        daemon.register(Counter(), "instance")
        slotted = Slotted()
        daemon.register(slotted, "slotted")
        with pytest.raises(errors.DaemonError, match="already has"):
            daemon.register(slotted)
        assert set(daemon.objectsById) >= {"class", "derived", "instance", "slotted"}
        assert Counter._pyroInstancing == ("session", None)  # type: ignore[attr-defined]
    finally:
        daemon.unregister(Counter)


def test_uris_and_proxies(daemon: Any) -> None:
    counter = Counter()
    uri = daemon.register(counter, "one")
    assert daemon.uriFor(counter) == daemon.uriFor("one") == uri
    assert str(daemon.uriFor("whatever")) == f"PYRO:whatever@{daemon.locationStr}"
    proxy = daemon.proxyFor(counter)
    assert (proxy._pyroUri, proxy._pyroMethods) == (uri, {"next", "__len__"})
    with pytest.raises(errors.DaemonError, match="isn't registered in this daemon"):
        daemon.uriFor(Counter())
    with pytest.raises(errors.DaemonError, match="isn't registered in this daemon"):
        daemon.proxyFor("whatever")
    with pytest.raises(errors.PyroError):
        daemon.uriFor("a b")


def test_a_registered_object_becomes_a_proxy_and_copies_stay_copies(daemon: Any) -> None:
    counter = Counter()
    assert Pyro4.core.pyroObjectToAutoProxy(counter) is counter
    uri = daemon.register(counter, "one")
    Pyro4.current_context.annotations = {"MINE": b"x"}
    proxy = Pyro4.core.pyroObjectToAutoProxy(counter)
    assert isinstance(proxy, Pyro4.Proxy)
    assert proxy._pyroUri == uri
    assert Pyro4.current_context.annotations == {"MINE": b"x"}
    assert type(copy.copy(counter)) is Counter
    config.AUTOPROXY = False
    assert Pyro4.core.pyroObjectToAutoProxy(counter) is counter


# What is exposed.


def test_without_marks_all_is_served_on_loopback_with_a_warning(daemon: Any) -> None:
    class Plain(Bare): ...

    with pytest.warns(UserWarning, match="Plain has no @Pyro4.expose"):
        uri = daemon.register(Plain())
    proxy = daemon.proxyFor(uri.object)
    assert (proxy._pyroMethods, proxy._pyroOneway) == ({"hello", "silent"}, {"silent"})
    metadata = daemon.objectsById["Pyro.Daemon"].get_metadata(uri.object, as_lists=True)
    assert sorted(metadata["methods"]) == ["hello", "silent"]


@pytest.mark.parametrize(
    "place",
    [{"host": ""}, {"host": "0.0.0.0"}, {"nathost": "example.org", "natport": 80}],
)
def test_without_marks_nothing_is_served_elsewhere(place: dict[str, Any]) -> None:
    with Pyro4.Daemon(**place) as daemon:
        uri = daemon.register(Bare())
        with pytest.warns(UserWarning, match="PYRO_REQUIRE_EXPOSE=false") as caught:
            found = daemon.objectsById["Pyro.Daemon"].get_metadata(uri.object)
        assert found == {"methods": set(), "oneway": set(), "attrs": set()}
        assert "doesn't expose any methods or attributes" in str(caught[0].message)
        with (
            pytest.warns(UserWarning, match="doesn't expose any"),
            pytest.raises(errors.PyroError, match="doesn't expose any"),
        ):
            daemon.proxyFor(uri.object)
        config.REQUIRE_EXPOSE = False
        assert daemon.proxyFor(uri.object)._pyroMethods == {"hello", "silent"}


def test_the_rule_counts_from_when_it_is_changed(daemon: Any) -> None:
    class Half(Bare):
        @Pyro4.expose
        def marked(self) -> None: ...

    daemon.register(Half(), "half")
    everything = {"hello", "silent", "marked"}
    for rule, methods in [("auto", {"marked"}), (False, everything), (True, {"marked"})]:
        config.REQUIRE_EXPOSE = rule
        assert daemon.proxyFor("half")._pyroMethods == methods


@pytest.mark.parametrize("kind", ["unix", "pair"])
def test_unix_sockets_are_local(tmp_path: Path, kind: str) -> None:
    ours, theirs = socket.socketpair()
    place: dict[str, Any] = {"unixsocket": str(tmp_path / "sock")}
    if kind == "pair":
        place = {"connected_socket": ours}

    class Plain(Bare): ...

    with ours, theirs, Pyro4.Daemon(**place) as daemon:
        with pytest.warns(UserWarning, match="has no @Pyro4.expose"):
            daemon.register(Plain())


# Making one.


def test_impossible_arguments_and_items(daemon: Any) -> None:
    with pytest.raises(ValueError, match="nathost together with unixsocket"):
        Pyro4.Daemon(nathost="x", unixsocket="/tmp/x")
    with pytest.raises(ValueError, match="natport with nathost"):
        Pyro4.Daemon(natport=5)
    for name, value, error in [
        ("SERVERTYPE", "pigeon", errors.PyroError),
        ("THREADPOOL_SIZE", 0, ValueError),
        ("THREADPOOL_SIZE_MIN", 0, ValueError),
        ("THREADPOOL_SIZE", 3, ValueError),
        ("SERIALIZERS_ACCEPTED", {"bogus"}, errors.SerializeError),
    ]:
        before = getattr(config, name)
        setattr(config, name, value)
        with pytest.raises(error):
            Pyro4.Daemon()
        setattr(config, name, before)


def test_places(tmp_path: Path) -> None:
    with Pyro4.Daemon(nathost="example.org", natport=0) as daemon:
        number = daemon.sock.getsockname()[1]
        assert daemon.locationStr == f"localhost:{number}"
        assert daemon.natLocationStr == f"example.org:{number}"
        assert str(daemon.uriFor("x")) == f"PYRO:x@example.org:{number}"
        assert str(daemon.uriFor("x", nat=False)) == f"PYRO:x@localhost:{number}"
    file = tmp_path / "sock"
    with Pyro4.Daemon(unixsocket=str(file)) as daemon:
        assert (daemon.locationStr, file.exists()) == (f"./u:{file}", True)
    assert not file.exists()
    config.HOST = "127.0.0.1"
    with Pyro4.Daemon() as daemon:
        assert daemon.locationStr.startswith("127.0.0.1:")


def test_a_key_is_bytes(daemon: Any) -> None:
    assert daemon._pyroHmacKey is None
    daemon._pyroHmacKey = "sécret"
    assert daemon._pyroHmacKey == "sécret".encode()


def test_texts_and_the_end_of_a_daemon(server_type: str) -> None:
    daemon = Pyro4.Daemon()
    pattern = rf"<Pyro4\.core\.Daemon at 0x\w+; {daemon.locationStr} - IPv4; 1 objects>"
    assert re.fullmatch(pattern, repr(daemon))
    info = daemon.objectsById["Pyro.Daemon"].info()
    assert info.startswith(
        f"Pyro.Daemon bound on {daemon.locationStr}, NAT None, 1 objects"
    )
    assert "SocketServer_" in info
    daemon.close()
    daemon.close()
    with pytest.raises(errors.PyroError, match="cannot reuse this object"):
        daemon.__enter__()


def test_accepting_pickles_from_elsewhere_is_warned_of() -> None:
    config.SERIALIZERS_ACCEPTED.add("pickle")
    Pyro4.Daemon().close()
    with pytest.warns(RuntimeWarning, match="accepts pickle and listens on"):
        Pyro4.Daemon(host="0.0.0.0").close()


def test_serving_simply_prints_what_it_serves(capsys: pytest.CaptureFixture[str]) -> None:
    daemon: Any = Pyro4.Daemon()
    daemon.requestLoop = lambda: None
    counter = Counter()
    Pyro4.Daemon.serveSimple({counter: "example.counter"}, daemon=daemon, ns=False)
    assert capsys.readouterr().out == (
        f"Object {counter!r}:\n"
        f"    uri = PYRO:example.counter@{daemon.locationStr}\n"
        "Pyro daemon running.\n"
    )


def test_serving_simply_needs_a_name_server_if_it_is_to_use_one() -> None:
    config.NS_PORT = 1  # nobody is there
    config.BROADCAST_ADDRS = ""
    daemon = Pyro4.Daemon()
    with pytest.raises(errors.NamingError):
        Pyro4.Daemon.serveSimple({Counter(): "x"}, daemon=daemon)
    assert daemon.sock is None


# Instances.


@pytest.mark.parametrize(
    ("mode", "seen"),
    [("session", [1, 2, 1]), ("single", [1, 2, 3]), ("percall", [1, 1, 1])],
)
def test_instances_that_are_false_are_kept_all_the_same(
    serve: Callable[..., Any], server_type: str, mode: str, seen: list[int]
) -> None:
    uri = serve(Pyro4.behavior(mode)(Pyro4.expose(type("Own", (Counter,), {}))))
    with Pyro4.Proxy(uri) as first, Pyro4.Proxy(uri) as second:
        assert [first.next(), first.next(), second.next()] == seen


def test_an_instance_is_made_by_the_first_call_and_by_the_creator(
    serve: Callable[..., Any],
) -> None:
    made = []

    def create(cls: Any) -> Any:
        made.append(cls)
        return cls() if len(made) < 2 else object()

    cls: Any = Pyro4.behavior("percall", create)(type("Own", (Counter,), {}))
    with Pyro4.Proxy(serve(cls)) as proxy:
        proxy._pyroBind()
        assert made == []
        assert (proxy.next(), made) == (1, [cls])
        with pytest.raises(TypeError):
            proxy.next()


def test_a_subclass_may_choose_the_instance(
    running: Callable[[Any], Any], server_type: str
) -> None:
    class Choosing(Pyro4.Daemon):
        asked: list[Any]

        def _getInstance(self, clazz: Any, conn: Any) -> Any:
            self.asked = [clazz, type(conn)]
            return super()._getInstance(clazz, conn)

    cls: Any = type("Own", (Counter,), {})
    daemon = Choosing()
    uri = daemon.register(cls)
    running(daemon)
    with Pyro4.Proxy(uri) as proxy:
        assert (proxy.next(), proxy.next()) == (1, 2)
    assert daemon.asked[0] is cls
    assert issubclass(daemon.asked[1], Pyro4.socketutil.SocketConnection)


# Hooks.


def test_hooks_are_asked(running: Callable[[Any], Any], server_type: str) -> None:
    config.POLLTIMEOUT = 0.02

    class Asking(Pyro4.Daemon):
        def __init__(self) -> None:
            self.seen: list[Any] = []
            self.left, self.kept = threading.Event(), threading.Event()
            super().__init__()

        def validateHandshake(self, conn: Any, data: Any) -> Any:
            if data == "no":
                raise ValueError("not you")
            self.seen.append((type(conn).__mro__[1].__name__, data))
            return "welcome"

        def annotations(self) -> dict[str, bytes]:
            return {"SIGN": b"here"}

        def clientDisconnect(self, conn: Any) -> None:
            self.left.set()

        def housekeeping(self) -> None:
            self.kept.set()

    class Curious(Pyro4.Proxy):
        def __init__(self, uri: Any) -> None:
            super().__init__(uri)
            self.__dict__["seen"] = []

        def _pyroValidateHandshake(self, response: Any) -> None:
            self.__dict__["seen"].append(response)

        def _pyroResponseAnnotations(self, annotations: Any, msgtype: int) -> None:
            self.__dict__["seen"].append((msgtype, annotations["SIGN"]))

    daemon = Asking()
    uri = daemon.register(Counter())
    running(daemon)
    with Curious(uri) as proxy:
        proxy._pyroHandshake = "me"
        proxy.next()
        with pytest.raises(AttributeError):
            proxy._pyroInvoke("nothing", (), {})
        assert proxy.__dict__["seen"][:1] != []
        assert "welcome" in proxy.__dict__["seen"]
        assert [one for one in proxy.__dict__["seen"] if one != "welcome"] == [
            (2, b"here"),
            (5, b"here"),
            (5, b"here"),
        ]
    assert daemon.left.wait(LIMIT)
    assert daemon.kept.wait(LIMIT)
    assert daemon.seen == [("ServedConnection", "me")]
    with Pyro4.Proxy(uri) as refused:
        refused._pyroHandshake = "no"
        with pytest.raises(errors.CommunicationError, match="not you"):
            refused._pyroBind()


def test_more_clients_than_threads_are_sent_away(running: Callable[[Any], Any]) -> None:
    config.THREADPOOL_SIZE = config.THREADPOOL_SIZE_MIN = 2
    daemon: Any = Pyro4.Daemon()
    uri = daemon.register(Counter())
    left = threading.Event()
    daemon.clientDisconnect = lambda conn: left.set()
    running(daemon)
    with Pyro4.Proxy(uri) as first, Pyro4.Proxy(uri) as second, Pyro4.Proxy(uri) as third:
        first._pyroBind()
        second._pyroBind()
        reason = "no free workers, increase server threadpool size"
        with pytest.raises(errors.CommunicationError, match=reason):
            third._pyroBind()
        assert len(daemon.transportServer.pool.busy) == 2
        first._pyroRelease()
        assert left.wait(LIMIT)
        third._pyroBind()
        assert (second.next(), third.next()) == (1, 2)


def test_the_daemons_own_object_can_be_called_and_extended(
    running: Callable[[Any], Any],
) -> None:
    @Pyro4.expose
    class Own(Pyro4.core.DaemonObject):
        def more(self) -> str:
            return self.daemon.locationStr

    daemon = running(Pyro4.Daemon(interface=Own))
    with Pyro4.Proxy(daemon.uriFor("Pyro.Daemon")) as proxy:
        assert (proxy.ping(), proxy.registered()) == (None, ["Pyro.Daemon"])
        assert proxy.more() == daemon.locationStr
        with pytest.raises(errors.DaemonError, match="unknown object"):
            proxy.get_metadata("nobody")


def test_a_socket_of_ones_own_is_served_without_a_greeting() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        daemon = Pyro4.Daemon(connected_socket=ours)
        daemon.register(Counter(), "counter")
        thread = threading.Thread(target=daemon.requestLoop)
        thread.start()
        with Pyro4.Proxy("counter", connected_socket=theirs) as proxy:
            assert proxy.next() == 1
        theirs.close()
        thread.join(LIMIT)
        assert not thread.is_alive()
        daemon.close()
        assert ours.fileno() >= 0


def test_it_listens_nowhere_if_it_can_not_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    listening = []
    listen = sockets.listen_tcp

    def noted(*args: Any) -> Any:
        listening.append(listen(*args))
        return listening[-1]

    monkeypatch.setattr("pyrophone.net.entrances.listen_tcp", noted)
    config.SERIALIZERS_ACCEPTED.add("bogus")
    with pytest.raises(errors.SerializeError):
        Pyro4.Daemon()
    assert listening == []
