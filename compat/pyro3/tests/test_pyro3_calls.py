"""Calls, attributes and values by the rules of Pyro 3."""

from __future__ import annotations

import copy
import datetime
import enum
import gc
import pickle
import signal
import threading
import types
from collections.abc import Callable
from typing import Any

import pytest

import Pyro.core
import Pyro.util
from patience import wait_until
from Pyro.errors import (
    ConnectionClosedError,
    NamingError,
    NoModuleError,
    ProtocolError,
    PyroError,
    TimeoutError,
)


class Picky(Exception):
    """Can't be made again from its arguments."""

    def __init__(self, first: str, *, second: int) -> None:
        super().__init__(first)
        self.second = second


class Plain:
    pass


class Colour(enum.Enum):
    RED = 1


class Thing(Pyro.core.ObjBase):
    colour = "green"

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Any] = []
        self.go = threading.Event()

    def echo(self, value: Any) -> Any:
        return value

    def arguments(self, a: Any, b: int = 2, *rest: Any, **kw: Any) -> Any:
        return (a, b, rest, kw)

    def fail(self, error: BaseException) -> None:
        raise error

    def picky(self) -> None:
        raise Picky("one", second=2)

    def make(self, what: str) -> Any:
        return {"lock": self.go, "plain": Plain(), "colour": Colour.RED}[what]

    def items(self) -> Any:
        yield 1

    def fail_with(self, where: str) -> None:
        error = ValueError(*[self.go] * (where == "args"))
        if where == "attribute":
            error.held = self.go  # type: ignore[attr-defined]
        raise error

    def leave(self) -> None:
        raise SystemExit(3)

    def wait(self) -> bool:
        return self.go.wait(10)

    def break_off(self) -> bool:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        return self.go.wait(10)

    def hear(self, value: Any) -> None:
        self.go.wait(10)
        self.heard.append(value)

    def thread(self) -> str:
        return threading.current_thread().name


@pytest.mark.parametrize(
    "value",
    [
        (1, (2, [3, (4,)])),
        {"a": (1,), (1, 2): None},
        b"\0\xff" * 9000,
        {1, 2},
        1.5,
        None,
        True,
        "\u20ac",
        datetime.date(2026, 1, 2),
    ],
)
def test_values_arrive_as_what_they_were(serve: Callable[..., Any], value: Any) -> None:
    found = serve(Thing()).echo(value)
    assert found == value
    assert type(found) is type(value)


def test_uris_and_proxies_travel_as_keys_too(serve: Callable[..., Any]) -> None:
    proxy = serve(Thing())
    proxy._setOneway(["hear"])
    proxy._setTimeout(5)
    uri = proxy.URI.clone()
    found = proxy.echo({uri: proxy, proxy: uri, "attrs": uri.getAttrProxy()})
    assert found[uri] == proxy
    assert found[proxy] == uri
    assert type(found["attrs"]) is Pyro.core.DynamicProxyWithAttrs
    assert found[uri].adapter.onewayMethods == ["hear"]
    assert found[uri].adapter.timeout == 5
    assert found[uri].echo("it works") == "it works"


def test_arguments_of_all_kinds(serve: Callable[..., Any]) -> None:
    proxy = serve(Thing())
    assert proxy.arguments(1) == (1, 2, (), {})
    assert proxy.arguments(1, 3, 4, y=6) == (1, 3, (4,), {"y": 6})
    assert proxy.arguments(b=1, a=2) == (2, 1, (), {})
    kept = proxy.echo
    assert kept(1) == 1


@pytest.mark.parametrize(
    "name",
    [
        "_gotReaped",
        "__init__",
        "_Thing__x",
        "setGUID",
        "setPyroDaemon",
        "delegateTo",
        "setCodeValidator",
        "getDaemon",
        "getLocalStorage",
        "Pyro_dyncall",
        "remote_supply_code",
        "remote_retrieve_code",
        "echo.__call__",
        "no such",
        "",
        "x" * 10_000,
    ],
)
def test_private_and_administrative_names_are_refused(
    serve: Callable[..., Any], name: str
) -> None:
    proxy = serve(Thing())
    with pytest.raises(AttributeError):
        proxy.adapter.call(name, ("x",), {})
    for operation in ("fetch", "store"):
        args = (name,) if operation == "fetch" else (name, 1)
        with pytest.raises(AttributeError):
            proxy.adapter.invoke(operation, args)
    assert proxy.adapter.invoke("kind", (name,)) == 2


@pytest.mark.parametrize("name", ["objectGUID", "delegate", "daemon", "lastUsed", "echo"])
def test_what_the_base_class_has_is_not_written_from_afar(
    serve: Callable[..., Any], name: str
) -> None:
    thing = Thing()
    proxy = serve(thing)
    with pytest.raises(AttributeError):
        proxy.adapter.invoke("store", (name, "evil"))
    assert thing.objectGUID == proxy.objectID
    assert thing.delegate is None


@pytest.mark.parametrize("name", ["delegate", "daemon", "codeValidator", "echo", "gone"])
def test_nor_is_it_read(serve: Callable[..., Any], name: str) -> None:
    proxy = serve(Thing())
    with pytest.raises(AttributeError):
        proxy.adapter.invoke("fetch", (name,))
    assert proxy.adapter.invoke("fetch", ("objectGUID",)) == proxy.objectID


def test_names_of_peers_need_not_be_texts(serve: Callable[..., Any]) -> None:
    proxy = serve(Thing())
    for bad in (None, 3, ["echo"], b"echo"):
        with pytest.raises(AttributeError):
            proxy.adapter.call(bad, (), {})
    with pytest.raises(TypeError):
        proxy.adapter.call("echo", 3, {})
    assert proxy.echo(1) == 1


def test_an_exception_arrives_as_its_class_without_its_constructor(
    serve: Callable[..., Any],
) -> None:
    with pytest.raises(Picky) as caught:
        serve(Thing()).picky()
    assert caught.value.args == ("one",)
    assert caught.value.second == 2
    assert "raise Picky" in "".join(caught.value.remote_stacktrace)  # type: ignore[attr-defined]


def test_errors_of_the_package_arrive_as_such(serve: Callable[..., Any]) -> None:
    proxy = serve(Thing())
    with pytest.raises(NamingError) as caught:
        proxy.fail(NamingError("a text", "a name"))
    assert caught.value.args == ("a text", "a name")
    assert repr(proxy.echo(ValueError(1))) == "ValueError(1)"


@pytest.mark.parametrize("where", ["args", "attribute"])
def test_an_exception_that_can_not_travel_is_another(
    serve: Callable[..., Any], where: str
) -> None:
    proxy = serve(Thing())
    with pytest.raises(PyroError, match=r"ValueError can't travel: .*Event"):
        proxy.fail_with(where)
    with pytest.raises(ValueError, match="raise error") as caught:
        proxy.fail_with("nowhere")
    assert caught.value.args == ()


def test_nothing_but_exceptions_is_found_in_modules(serve: Callable[..., Any]) -> None:
    form = {"__class__": "subprocess.Popen", "__exception__": True, "args": ["true"]}
    assert not isinstance(serve(Thing()).echo(form), BaseException)


def test_unregistered_classes_do_not_travel(serve: Callable[..., Any]) -> None:
    proxy = serve(Thing())
    for what in ("lock", "plain"):
        with pytest.raises(PyroError, match="registerClass"):
            proxy.make(what)
    with pytest.raises(PyroError, match="registerClass"):
        proxy.echo(Plain())
    with pytest.raises(PyroError, match=r"connect it, and pass its getProxy\(\)"):
        proxy.echo(Thing())
    with pytest.raises(NoModuleError, match="Colour"):
        proxy.make("colour")
    with pytest.raises(PyroError, match="return a list"):
        proxy.items()


class Point:
    def __init__(self, x: int) -> None:
        self.x = x


def test_registered_classes_travel(serve: Callable[..., Any]) -> None:
    Pyro.util.registerClass(Point, vars, lambda state: Point(**state))
    assert serve(Thing()).echo([Point(3)])[0].x == 3


def test_what_is_no_exception_breaks_the_connection(
    threaded: int, serve: Callable[..., Any]
) -> None:
    proxy = serve(Thing())
    with pytest.raises(ConnectionClosedError):
        proxy.leave()
    assert proxy.echo(1) == 1


def test_attribute_proxies(serve: Callable[..., Any]) -> None:
    thing = Thing()
    proxy = serve(thing).URI.getAttrProxy()
    assert proxy.colour == "green"
    proxy.new = (1,)
    assert proxy.new == (1,) == thing.new  # type: ignore[attr-defined]
    assert proxy.findattr("echo") == 1
    assert proxy.findattr("colour") == 2
    with pytest.raises(AttributeError, match="not an attribute"):
        proxy.echo = 1
    with pytest.raises(AttributeError):
        proxy.missing  # noqa: B018
    thing.heard = thing.items()
    with pytest.raises(PyroError, match="a generator can't travel: return a list"):
        proxy.heard  # noqa: B018
    assert proxy.GUID() == thing.objectGUID


def test_a_delegate_is_asked_in_place_of_its_front(serve: Callable[..., Any]) -> None:
    behind = types.SimpleNamespace(x=1, double=lambda n: 2 * n)
    front = Pyro.core.ObjBase()
    front.delegateTo(behind)
    plain = serve(front)
    assert plain.double(2) == 4
    assert plain.GUID() == front.objectGUID
    attrs = plain.URI.getAttrProxy()
    attrs.x = 5
    assert behind.x == 5
    assert attrs.double(3) == 6
    with pytest.raises(AttributeError):
        attrs.GUID()


def test_a_plain_proxy_takes_attributes_of_its_own(serve: Callable[..., Any]) -> None:
    proxy = serve(Thing())
    proxy.mine = 1
    assert proxy.mine == 1
    assert callable(proxy.colour)
    with pytest.raises(TypeError):
        len(proxy)


def test_copies_of_proxies(serve: Callable[..., Any]) -> None:
    proxy = serve(Thing())
    proxy._setOneway("hear")
    copied = copy.copy(proxy)
    assert copied == proxy
    assert hash(copied) == hash(proxy)
    assert copied.echo(1) == 1
    assert copied.thread() != proxy.thread()
    assert copied.adapter.onewayMethods == ["hear"]
    assert proxy != 3
    assert bool(proxy)
    assert repr(proxy) == str(proxy) == f"<DynamicProxy for {proxy.URI}>"
    with pytest.raises(PyroError, match="cannot deepcopy a proxy"):
        copy.deepcopy(proxy)


def test_pickled_proxies_are_not_connected(serve: Callable[..., Any]) -> None:
    proxy = serve(Thing())
    assert proxy.echo(1) == 1
    proxy._setTimeout(5)
    for one in (proxy, proxy.URI.getAttrProxy()):
        found = pickle.loads(pickle.dumps(one))
        assert type(found) is type(one)
        assert found == one
        assert found.adapter.timeout == one.adapter.timeout
        assert not found.adapter.connected()
        assert found.echo(1) == 1


def test_each_proxy_has_a_connection_and_a_thread(running: Any) -> None:
    daemon = running()
    uri = daemon.connect(Thing())
    one, other = uri.getProxy(), uri.getProxy()
    assert len(daemon.connections) == 0
    assert one.thread() == one.thread() != other.thread()
    assert len(daemon.connections) == 2
    gc.disable()  # nothing has to be collected for it
    try:
        del other
        wait_until(lambda: len(daemon.connections) == 1)
    finally:
        gc.enable()
    one._release()
    one._release()
    wait_until(lambda: not daemon.connections)
    assert one.echo(1) == 1


def test_oneway_is_chosen_by_the_caller(threaded: int, serve: Callable[..., Any]) -> None:
    thing = Thing()
    proxy = serve(thing)
    other = copy.copy(proxy)
    proxy._setOneway("hear")
    assert proxy.hear(1) is None
    if threaded:  # the connection is free meanwhile
        assert proxy.echo(1) == 1
    thing.go.set()
    assert other.hear(2) is None  # this one is waited for
    assert 2 in thing.heard
    wait_until(lambda: len(thing.heard) == 2)


def test_oneway_calls_may_keep_their_turn(serve: Callable[..., Any]) -> None:
    Pyro.config.PYRO_ONEWAY_THREADED = 0
    thing = Thing()
    proxy = serve(thing)
    proxy._setOneway("hear")
    proxy.hear(1)
    proxy._setTimeout(0.05)
    with pytest.raises(TimeoutError):  # the connection is occupied
        proxy.echo(1)
    thing.go.set()


def test_a_call_that_takes_too_long_drops_its_connection(
    threaded: int, serve: Callable[..., Any]
) -> None:
    thing = Thing()
    proxy = serve(thing)
    proxy._setTimeout(0.1)
    with pytest.raises(TimeoutError):
        proxy.wait()
    thing.go.set()
    proxy._setTimeout(None)
    assert proxy.echo("not the late answer") == "not the late answer"


def test_a_method_goes_on_where_its_caller_waits_no_more(
    threaded: int, running: Any
) -> None:
    """What it calls itself has its own time-out, not what was left of the caller's."""

    class Relay(Thing):
        may, done, found = threading.Event(), threading.Event(), ""

        def relay(self) -> None:
            self.may.wait(10)
            try:
                self.found = other.GUID()
            finally:
                self.done.set()

    target = Thing()
    other = running().connect(target).getProxy()
    relay = Relay()
    proxy = running().connect(relay).getProxy()
    assert proxy.GUID() == relay.GUID()
    proxy._setTimeout(0.05)
    with pytest.raises(Pyro.errors.TimeoutError):
        proxy.relay()
    relay.may.set()
    assert relay.done.wait(10)
    assert relay.found == target.GUID()


def test_a_lost_connection_is_an_error_and_is_made_anew_by_the_next_call(
    running: Any,
) -> None:
    daemon = running()
    thing = Thing()
    proxy = daemon.connect(thing).getProxy()
    port = daemon.port
    assert proxy.echo(1) == 1
    running.end()
    with pytest.raises(ConnectionClosedError, match="connection lost"):
        proxy.echo(1)
    with pytest.raises(ProtocolError, match="connection failed"):
        proxy.echo(1)
    with pytest.raises(TimeoutError, match="connection lost"):
        proxy.adapter.rebindURI(2, 0.01)
    running(port=port).connect(thing)
    proxy.adapter.rebindURI()
    assert proxy.echo(2) == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt, LookupError])
def test_a_call_that_is_broken_off_leaves_the_next_one_alone(
    error: type[BaseException], threaded: int, serve: Callable[..., Any]
) -> None:
    def break_off(*_: Any) -> None:
        raise error

    thing = Thing()
    proxy = serve(thing)
    before = signal.signal(signal.SIGUSR1, break_off)
    try:
        for _ in range(2):
            with pytest.raises(error):
                proxy.break_off()
            thing.go.set()
            assert proxy.echo("not the late answer") == "not the late answer"
            thing.go.clear()
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_many_threads_share_a_proxy(serve: Callable[..., Any]) -> None:
    proxy = serve(Thing())
    wrong: list[int] = []

    def ask(number: int) -> None:
        wrong.extend(n for n in range(50) if proxy.echo((number, n)) != (number, n))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_leftovers_say_what_to_do_instead(serve: Callable[..., Any]) -> None:
    proxy = serve(Thing())
    for call in (proxy._local, proxy._islocal):
        with pytest.raises(PyroError, match="is gone"):
            call()
    assert proxy._transferThread() is None
    for function in (Pyro.util.getPickle, Pyro.util.getXMLPickle):
        with pytest.raises(PyroError, match="registerClass"):
            function()
    with pytest.raises(PyroError, match=r"os\.listdir"):
        Pyro.util.listdir(".")


def test_remote_tracebacks_are_shown_once(serve: Callable[..., Any]) -> None:
    try:
        serve(Thing()).picky()
    except Picky as error:
        text = "".join(Pyro.util.getPyroTraceback(error))
    first, _, rest = text.partition(" +--- This exception occured remotely (Pyro)")
    assert "Remote traceback:" not in first
    assert rest.startswith(" - Remote traceback:\n | ")
    assert rest.rstrip().endswith("+--- End of remote traceback")
    assert "dispatch.py" not in rest
