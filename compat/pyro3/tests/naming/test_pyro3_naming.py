"""Finding a name server, and its proxy: section 1.2 of the specification."""

from __future__ import annotations

import copy
import pickle
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

import Pyro.core
import Pyro.naming
from Pyro import config
from Pyro.constants import NAMESERVER_NAME
from Pyro.core import PyroURI
from Pyro.errors import ConnectionDeniedError, NamingError, ProtocolError, PyroError
from Pyro.naming import NameServerLocator, NameServerProxy, NameServerStarter

Serve = Callable[..., NameServerStarter]
URI = "PYRO://127.0.0.1:4444/lamp"


@pytest.fixture
def starter(serve_names: Serve) -> NameServerStarter:
    """A name server at PYRO_NS_PORT, that no broadcast finds."""
    return serve_names()


@pytest.fixture
def names(starter: NameServerStarter) -> Any:
    """A proxy for it."""
    proxy = NameServerLocator().getNS("localhost")
    yield proxy
    proxy._release()


def refusal(do: Callable[..., Any], *args: Any) -> tuple[Any, ...]:
    with pytest.raises(NamingError) as caught:
        do(*args)
    return caught.value.args


# Where it is looked for.


def test_a_named_host_is_asked_directly(
    starter: NameServerStarter, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    for host, port in (("localhost", None), ("127.0.0.1", starter.daemon.port)):
        uri = NameServerLocator().detectNS(host, port, trace=1)
        assert str(uri) == str(starter.daemon.NameServer.resolve(NAMESERVER_NAME))
    assert capsys.readouterr().out == "Locator: contacting Pyro Name Server...\n" * 2


def test_the_configured_host_is_asked_directly(starter: NameServerStarter) -> None:
    config.PYRO_NS_HOSTNAME = "localhost"
    assert NameServerLocator().detectNS().port == starter.daemon.port


def test_without_a_host_those_who_hear_a_broadcast_are_asked(
    serve_names: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    config.PYRO_BC_TIMEOUT = 10
    config.PYRO_HOST = ""
    starter = serve_names(hostname=None, nsport=0)
    capsys.readouterr()
    assert NameServerLocator().detectNS(trace=1).port == starter.daemon.port
    assert capsys.readouterr().out == "Locator: searching Pyro Name Server...\n"
    port = config.PYRO_NS_BC_PORT
    config.PYRO_NS_BC_PORT = config.PYRO_NS2_BC_PORT = 1
    found = NameServerLocator().detectNS(port=port, bcaddr="localhost")
    assert found.port == starter.daemon.port
    assert config.PYRO_NS_HOSTNAME is None


def test_the_second_name_server_takes_the_place_of_the_first(serve_names: Serve) -> None:
    starter = serve_names(nsport=0)
    first, second = config.PYRO_NS_PORT, starter.daemon.port
    config.PYRO_NS_HOSTNAME, config.PYRO_NS2_HOSTNAME = "127.0.0.1", "localhost"
    config.PYRO_NS2_PORT = second
    assert NameServerLocator().detectNS().port == second
    assert ("localhost", second) == (config.PYRO_NS_HOSTNAME, config.PYRO_NS_PORT)
    assert ("127.0.0.1", first) == (config.PYRO_NS2_HOSTNAME, config.PYRO_NS2_PORT)


def test_this_machine_is_tried_at_last_and_remembered(
    starter: NameServerStarter, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert NameServerLocator().detectNS(trace=1).port == starter.daemon.port
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Locator: searching Pyro Name Server..."
    host = config.PYRO_NS_HOSTNAME
    assert host in (socket.gethostname(), "localhost")
    assert lines[-2:] == [f"Trying host {host}", "Locator: contacting Pyro Name Server..."]


@pytest.mark.usefixtures("alone")
def test_who_finds_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    config.PYRO_BC_RETRIES = 2
    locator = NameServerLocator()
    assert refusal(lambda: locator.getNS(trace=1)) == ("could not find NameServer",)
    assert "Locator: retry 1\nLocator: retry 2\n" in capsys.readouterr().out
    text = "could not find NameServer on host localhost"
    assert refusal(locator.getNS, "localhost") == (text,)
    assert refusal(locator.getNS, "no.such.host.invalid")[0].startswith("could not find")


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(("retries", "seconds", "deaf"), [(-1, 0.01, 3), (0, -1, 0)])
def test_a_negative_number_asks_or_waits_for_ever(
    retries: int, seconds: float, deaf: int
) -> None:
    config.PYRO_BC_RETRIES, config.PYRO_BC_TIMEOUT = retries, seconds
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        sock.bind(("127.0.0.1", config.PYRO_NS_BC_PORT))

        def answer() -> None:
            for _ in range(deaf):
                sock.recvfrom(99)
            _, address = sock.recvfrom(99)
            sock.sendto(URI.encode(), address)

        thread = threading.Thread(target=answer)
        thread.start()
        assert str(NameServerLocator().detectNS()) == URI
        thread.join(10)


@pytest.mark.usefixtures("alone")
def test_with_a_port_the_error_of_the_one_attempt_is_raised() -> None:
    with pytest.raises(ProtocolError, match="connection failed"):
        NameServerLocator().getNS("localhost", config.PYRO_NS_PORT)
    with pytest.raises(PyroError, match="Name Server not responding"):
        NameServerLocator().getNS(port=config.PYRO_NS_BC_PORT)


@pytest.mark.usefixtures("alone")
def test_a_daemon_that_is_no_name_server_is_none() -> None:
    daemon = Pyro.core.Daemon(host="localhost", port=0, norange=1)
    loop = threading.Thread(target=daemon.requestLoop)
    loop.start()
    try:
        with pytest.raises(PyroError, match="Name Server not responding"):
            NameServerLocator().getNS("localhost", daemon.port)
    finally:
        daemon.shutdown()
        loop.join(10)


@pytest.mark.usefixtures("alone")
def test_a_bad_address_for_broadcasts_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="invalid broadcast address"):
        NameServerLocator().getNS(bcaddr="not an address")


def test_a_refusal_ends_the_search(serve_names: Serve) -> None:
    starter = serve_names("secret")
    config.PYRO_NS_HOSTNAME = "localhost"
    for phrase in (None, "wrong"):
        with pytest.raises(ConnectionDeniedError, match="security reasons"):
            NameServerLocator(phrase).getNS()
    names = NameServerLocator("secret").getNS()
    assert names.URI.port == starter.daemon.port
    names._release()


def test_system_commands(serve_names: Serve) -> None:
    starter = serve_names()
    locator = NameServerLocator()
    with pytest.raises(PyroError, match="unknown request"):
        locator.sendSysCommand("reboot", "localhost")
    for logerrors in (0, 1):
        answer = locator.sendSysCommand("location", "localhost", logerrors=logerrors)
        assert answer == str(starter.daemon.NameServer.resolve(NAMESERVER_NAME))
    answer = locator.sendSysCommand("shutdown", "localhost", logerrors=0)
    assert answer == "Will shut down shortly"


# The proxy.


def test_the_proxy_connects_at_once(starter: NameServerStarter) -> None:
    uri = starter.daemon.NameServer.resolve(NAMESERVER_NAME)
    proxy = NameServerProxy(uri)
    assert proxy.adapter.connected()
    proxy._release()
    proxy = NameServerProxy(str(uri), noconnect=1)
    assert not proxy.adapter.connected()
    uri.port = 1
    with pytest.raises(ProtocolError):
        NameServerProxy(uri)


def test_relative_names_are_of_the_programs_default_group(names: NameServerProxy) -> None:
    names.createGroup(":mine")
    config.PYRO_NS_DEFAULTGROUP = ":mine"
    assert [names.fullName(name) for name in ("x", ":x", "", None)] == [
        ":mine.x",
        ":x",
        ":mine",
        ":mine",
    ]
    names.register("lamp", URI)
    assert names.list("") == names.list(None) == names.list(":mine") == [("lamp", 1)]
    config.PYRO_NS_DEFAULTGROUP = "mine"
    told = ("default group name is not absolute", "mine")
    assert refusal(names.resolve, "lamp") == told
    assert str(names.resolve(":mine.lamp")) == URI


def test_any_other_proxy_does_not_expand_names(names: NameServerProxy) -> None:
    names.createGroup(":mine")
    config.PYRO_NS_DEFAULTGROUP = ":mine"
    names.register("lamp", URI)
    other = Pyro.core.getProxyForURI(names.URI.clone())
    assert str(other.resolve(":mine.lamp")) == URI
    other._release()


def test_copies_are_not_connected(names: NameServerProxy) -> None:
    names._setOneway("ping")
    for made in (copy.copy(names), pickle.loads(pickle.dumps(names))):
        assert isinstance(made, NameServerProxy)
        assert made == names
        assert str(made.URI) == str(names.URI)
        assert not made.adapter.connected()
    with pytest.raises(PyroError, match="cannot deepcopy a proxy"):
        copy.deepcopy(names)


class Echo(Pyro.core.ObjBase):
    def echo(self, value: Any) -> Any:
        return value


def test_it_travels_as_a_proxy_of_its_uri(
    names: NameServerProxy, serve: Callable[..., Any]
) -> None:
    back = serve(Echo()).echo(names)
    assert back == names
    assert str(back.resolve(NAMESERVER_NAME)) == str(names.URI)
    back._release()


def test_a_name_server_that_was_lost_is_found_again(
    serve_names: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = serve_names("secret")
    port = first.daemon.port
    names = NameServerLocator("secret").getNS("localhost", port)
    first.shutdown()
    serve_names("secret", nsport=port)  # another object, where the first was
    names.register("lamp", URI)
    assert str(names.resolve("lamp")) == URI
    names._release()


def test_a_name_server_that_moved_is_found_again(serve_names: Serve) -> None:
    first = serve_names("secret", nsport=0)
    names = NameServerLocator("secret").getNS("localhost", first.daemon.port)
    first.shutdown()
    second = serve_names("secret")  # at PYRO_NS_PORT
    config.PYRO_NS_HOSTNAME = "localhost"
    names.ping()
    assert names.URI.port == second.daemon.port
    names._release()


def test_without_any_the_first_error_is_raised(serve_names: Serve) -> None:
    starter = serve_names()
    names = NameServerLocator().getNS("localhost")
    starter.shutdown()
    with pytest.raises(ProtocolError):
        names.ping()


def test_who_waits_too_long_is_told_at_once(
    names: NameServerProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*args: Any) -> None:
        raise Pyro.errors.TimeoutError("too long")

    monkeypatch.setattr(names.adapter, "call", slow)
    with pytest.raises(Pyro.errors.TimeoutError):
        names.ping()


# What it does.


def test_a_fresh_name_server_has_its_groups_and_itself(names: NameServerProxy) -> None:
    assert names.list(":") == [("Default", 0), ("Pyro", 0)]
    assert names.list(":Pyro") == [("NameServer", 1)]
    assert [(name, str(uri)) for name, uri in names.flatlist()] == [
        (NAMESERVER_NAME, str(names.URI))
    ]


def test_names_stand_for_uris(names: NameServerProxy) -> None:
    names.register("one", URI)
    names.register("two", PyroURI(URI))
    for name in ("one", ":Default.two"):
        found = names.resolve(name)
        assert isinstance(found, PyroURI)
        assert str(found) == URI
    names.unregister("one")
    assert [name for name, _ in names.flatlist()] == [":Default.two", NAMESERVER_NAME]


def test_one_of_many_who_want_a_name_gets_it(names: NameServerProxy) -> None:
    won: list[int] = []
    lost: list[Any] = []

    def want(number: int) -> None:
        mine = copy.copy(names)
        try:
            mine.register("lamp", f"PYRO://127.0.0.1:{number}/lamp")
        except NamingError as error:
            lost.append(error.args)
        else:
            won.append(number)
        mine._release()

    threads = [threading.Thread(target=want, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lost == [("name already exists", ":Default.lamp")] * 7
    assert [names.resolve("lamp").port] == won


def test_groups_hold_groups(names: NameServerProxy) -> None:
    for group in (":lab", ":lab.room", "attic"):
        names.createGroup(group)
    names.register(":lab.room.lamp/1", URI)
    assert names.list(":lab") == [("room", 0)]
    assert names.list(":lab.room") == [("lamp/1", 1)]
    assert names.list("") == [("attic", 0)]
    names.deleteGroup(":lab")
    assert refusal(names.list, ":lab.room") == ("group not found", ":lab.room")


def test_meta_information(names: NameServerProxy) -> None:
    names.register("lamp", URI)
    assert names.getMeta("lamp") is None
    for value in ("text", {"a": (1, [2.5, None])}, {1, 2}, b"\0"):
        for name in ("lamp", ":Default", ":"):
            names.setMeta(name, value)
            assert names.getMeta(name) == value
    system = names._getSystemMeta("lamp")
    assert (system.type, names._getSystemMeta(":Default").type) == (1, 0)
    assert str(system.owner).startswith("127.0.0.1:")
    system.owner, system.type, made = "me", 0, system.timestamp
    names._setSystemMeta("lamp", system)
    system.timestamp = float("nan")
    with pytest.raises(NamingError, match="invalid system meta information"):
        names._setSystemMeta("lamp", system)
    found = names._getSystemMeta("lamp")
    assert (found.type, found.timestamp, found.owner) == (1, made, "me")
    names.resync()


@pytest.mark.parametrize(
    ("method", "args", "told"),
    [
        ("register", ("lamp", URI), ("name already exists", ":Default.lamp")),
        ("createGroup", (":Default",), ("group already exists", ":Default")),
        ("resolve", ("x",), ("name not found", ":Default.x")),
        ("unregister", ("x",), ("name not found", ":Default.x")),
        ("getMeta", ("x",), ("name not found", ":Default.x")),
        ("setMeta", ("x", 1), ("name not found", ":Default.x")),
        ("_getSystemMeta", ("x",), ("name not found", ":Default.x")),
        ("register", (":x.y", URI), ("(parent)group not found", ":x.y")),
        ("createGroup", (":x.y",), ("(parent)group not found", ":x.y")),
        ("register", ("lamp.y", URI), ("parent is no group", ":Default.lamp.y")),
        ("register", ("lamp.y.z", URI), ("parent is no group", ":Default.lamp.y.z")),
        ("resolve", ("lamp.y",), ("parent is no group", ":Default.lamp.y")),
        ("resolve", ("",), ("attempt to resolve groupname", ":Default")),
        ("unregister", (":Pyro",), ("is a group, not an object", ":Pyro")),
        ("list", ("x",), ("group not found", ":Default.x")),
        ("deleteGroup", ("x",), ("group not found", ":Default.x")),
        ("list", ("lamp",), ("is no group", ":Default.lamp")),
        ("deleteGroup", ("lamp",), ("is no group", ":Default.lamp")),
        ("deleteGroup", (":",), ("not allowed to delete root group",)),
        ("register", ("a b", URI), ("invalid character(s) in name", ":Default.a b")),
        ("register", ("a..b", URI), ("invalid name", ":Default.a..b")),
        ("createGroup", (":a.",), ("invalid name", ":a.")),
        ("register", ("a", "x"), ("invalid URI", "x")),
        ("register", ("a", "PYRONAME://b"), ("invalid URI", "PYRONAME://b")),
        ("register", ("a", "PYRO://h"), ("invalid URI", "PYRO://h")),
        ("register", ("a", 7), ("invalid URI", "7")),
        ("register", ("a", ""), ("invalid URI", "")),
        (
            "setMeta",
            ("lamp", "x" * 70_000),
            ("meta information is too large", ":Default.lamp"),
        ),
    ],
)
def test_refusals(
    names: NameServerProxy, method: str, args: tuple[Any, ...], told: tuple[str, ...]
) -> None:
    names.register("lamp", URI)
    before = [(name, str(uri)) for name, uri in names.flatlist()]
    assert refusal(getattr(names, method), *args) == told
    assert [(name, str(uri)) for name, uri in names.flatlist()] == before


def test_strangers_can_only_call_what_is_for_them(names: NameServerProxy) -> None:
    stranger = Pyro.core.getAttrProxyForURI(names.URI.clone())
    for name in ("_begin", "_close", "_admit", "setGUID", "delegateTo"):
        with pytest.raises(AttributeError):
            getattr(stranger, name)()
    for name in ("objectGUID", "delegate", "hoard", "_keep"):
        with pytest.raises(AttributeError):
            setattr(stranger, name, "x")
    names.ping()
    stranger._release()


@pytest.mark.parametrize("name", [None, 7, b"x", ["x"], "\ud800", ":" + "x" * 10_000])
def test_what_is_no_name_is_refused_and_it_goes_on(
    names: NameServerProxy, name: Any
) -> None:
    stranger = Pyro.core.getProxyForURI(names.URI.clone())
    for method in ("resolve", "unregister", "getMeta", "list", "deleteGroup"):
        if name is None and method in ("list", "getMeta", "deleteGroup"):
            continue  # the default group
        with pytest.raises((NamingError, PyroError)):
            getattr(stranger, method)(name)
    with pytest.raises((NamingError, PyroError)):
        stranger.register(name, URI)
    names.ping()
    stranger._release()
