"""Peers that don't keep to the rules: what they can't get, hold up, or break."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import Pyro.constants
import Pyro.core
import Pyro.locating
import Pyro.naming
import Pyro.nsproxies
from patience import wait_until
from Pyro.errors import (
    ConnectionClosedError,
    ConnectionDeniedError,
    NoModuleError,
    PyroError,
    TimeoutError,
)
from Pyro.EventService.Clients import Event, Publisher, Subscriber
from Pyro.EventService.Server import EventService
from Pyro.test.echoserver import EchoServer
from Pyro.values import CLASSES
from pyrophone import expose
from pyrophone.sync import Daemon
from pyrophone.wire.framing import BATCH

DOOR = Pyro.constants.INTERNAL_DAEMON_GUID


class Account(Pyro.core.ObjBase):
    """Knows who calls, by what the connection was told."""

    def echo(self, value: Any) -> Any:
        return value

    def fail(self, text: str) -> None:
        raise ValueError(text)

    def login(self, user: str) -> None:
        self.getLocalStorage().caller.user = user

    @property
    def user(self) -> Any:
        return getattr(self.getLocalStorage().caller, "user", None)


def without_proof(uri: Any) -> Any:
    """Return an adapter that connects, and leaves the answer to the challenge out."""
    adapter: Any = Pyro.core.PyroURI(uri).getProxy().adapter
    adapter._log_in = lambda: setattr(adapter, "_challenge", None)
    adapter.setTimeout(10)
    adapter._connect()
    return adapter


# Towards daemons.


def test_many_calls_in_one_message_are_no_way_around_the_pass_phrase(
    threaded: int, running: Any
) -> None:
    daemon = running()
    daemon.setAllowedIdentifications(["secret"])
    adapter = without_proof(daemon.connect(Account(), "name"))
    calls: Any = [("call", ("getRegistered", (), {}), {})]
    with pytest.raises(ConnectionClosedError):
        adapter._send("login", calls, BATCH, DOOR)


def test_who_has_not_proved_who_it_is_sends_no_large_messages(
    threaded: int, running: Any
) -> None:
    daemon = running()
    daemon.setAllowedIdentifications(["secret"])
    uri = daemon.connect(Account())
    with pytest.raises(ConnectionClosedError):
        without_proof(uri)._send("login", (b"x" * 20_000,), 0, DOOR)
    proxy = uri.getProxy()
    proxy._setIdentification("secret")
    assert proxy.echo(b"x" * 20_000) == b"x" * 20_000


def test_those_without_proof_keep_nobody_out(threaded: int, running: Any) -> None:
    Pyro.config.PYRO_MAXCONNECTIONS = 2
    daemon = running()
    daemon.setAllowedIdentifications(["secret"])
    uri = daemon.connect(Account())
    idle = [without_proof(uri) for _ in range(3)]
    proxies = [uri.getProxy() for _ in range(3)]
    for proxy in proxies:
        proxy._setIdentification("secret")
    assert [proxy.echo(1) for proxy in proxies[:2]] == [1, 1]
    with pytest.raises(ConnectionDeniedError, match="server too busy"):
        proxies[2].echo(1)
    wait_until(lambda: len(daemon.connections) == 2)
    for adapter in idle:
        with pytest.raises(ConnectionClosedError):
            adapter._send("login", (b"",), 0, DOOR)


def test_an_attribute_knows_who_reads_it(threaded: int, running: Any) -> None:
    Pyro.config.PYRO_MAXCONNECTIONS = 1
    daemon = running()
    uri = daemon.connect(Account())
    first, second = uri.getAttrProxy(), uri.getAttrProxy()
    first.login("joe")
    assert first.user == "joe"
    first._release()
    wait_until(lambda: not daemon.connections)
    assert second.user is None


class Gone:
    """Of a module that only the sender has."""


CLASSES.register(Gone, lambda value: {"__class__": "elsewhere.Gone", "x": 1})


def test_values_of_unknown_classes_reach_no_method(
    threaded: int, running: Any, tmp_path: Path
) -> None:
    Pyro.config.PYRO_TRACELEVEL, Pyro.config.PYRO_LOGFILE = 1, "log"
    proxy = running().connect(Account()).getProxy()
    with pytest.raises(NoModuleError, match=r"elsewhere\.Gone"):
        proxy.echo([Gone()])
    proxy._setOneway("login")
    proxy.login(Gone())
    log = tmp_path / "log"
    wait_until(lambda: log.exists() and "NoModuleError" in log.read_text())


def test_calls_that_fit_no_method_do_not_end_the_loop(running: Any) -> None:
    Pyro.config.PYRO_MULTITHREADED = 0

    class Callback(Pyro.core.CallbackObjBase):
        def hear(self, text: str) -> str:
            return text

    proxy = running().connect(Callback()).getProxy()
    for args in ((), (1, 2)):
        with pytest.raises(TypeError):
            proxy.hear(*args)
    assert proxy.hear("text") == "text"


def test_texts_of_strangers_are_shown_as_they_are(
    running: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In logs and on terminals nothing looks like another entry, or steers anything."""
    Pyro.config.PYRO_TRACELEVEL, Pyro.config.PYRO_LOGFILE = 1, "log"
    forged = "x\n1999-01-01 00:00:00 [1:main] ** NOTE ** Daemon ** fine\x1b[2J"
    with pytest.raises(ValueError, match="fine"):
        running().connect(Account()).getProxy().fail(forged)
    assert running().connect(EchoServer(True)).getProxy().echo(forged) == forged
    lines = (tmp_path / "log").read_text().splitlines()
    assert [line for line in lines if line.startswith("1999-01-01")] == []
    assert "\x1b" not in "".join(lines)
    assert capsys.readouterr().out.endswith(r"fine\x1b[2J" + "\n")


# Towards events.


class Relay(Publisher, Subscriber):
    def __init__(self) -> None:
        Subscriber.__init__(self, "phrase", "PYRO://127.0.0.1:1/service")

    def hear(self) -> str:
        return "heard"


def test_nobody_else_gets_the_pass_phrase_of_a_listener_or_ends_it(running: Any) -> None:
    relay = Relay()
    running.loop(relay.getDaemon())
    proxy = relay.getAttrProxy()
    for name in ("ES_ident", "ES_uri", "NS", "abortListen"):
        with pytest.raises(AttributeError):
            getattr(proxy, name)
        with pytest.raises(AttributeError):
            setattr(proxy, name, 1)
    for name in ("abort", "getES", "listen", "setThreading", "subscribe", "unsubscribe"):
        with pytest.raises(AttributeError):
            getattr(relay.getProxy(), name)()
    assert (proxy.hear(), relay.abortListen, relay.ES_ident) == ("heard", 0, "phrase")


def test_attribute_proxies_do_not_fill_the_event_service(running: Any) -> None:
    proxy = running().connect(EventService()).getAttrProxy()
    with pytest.raises(AttributeError, match="not an attribute"):
        proxy.new = "text"


def test_an_event_of_no_time_is_none(running: Any) -> None:
    proxy = running().connect(Account()).getProxy()
    with pytest.raises(PyroError, match=r"Event"):
        proxy.echo(Event("subject", "message", 1e300))


def test_a_listener_prints_what_it_gets(capsys: pytest.CaptureFixture[str]) -> None:
    nobody: Any = None
    Subscriber.event(nobody, Event("a\nb", "\x1b[2J", 0))
    Subscriber.event(nobody, Event("a", 10**5000, 0))
    first, second = capsys.readouterr().out.splitlines()
    assert (first[:18], first[-10:]) == (r"<EVENT SUBJ a\nb (", r": \x1b[2J>")
    assert second == "<Event without text>"


# From daemons and name servers that are none.


@expose
class Liar:
    """Answers whatever is asked with the same value."""

    def __init__(self) -> None:
        self.answer: Any = None
        self.verdict: Any = (1, 0)
        self.over = threading.Event()

    def call(self, name: str, args: Any, kwargs: Any) -> Any:
        if name == "ping":
            self.over.wait()
        return self.answer

    def kind(self, name: str) -> Any:
        return self.answer

    def login(self, token: Any) -> Any:
        return self.verdict


class Lying(Daemon):
    def greets(self, client: Any, handshake: Any) -> Any:
        return {"challenge": ["text", "x"]}


@pytest.fixture
def liar() -> Iterator[tuple[Liar, Pyro.core.PyroURI]]:
    daemon, liar = Lying("127.0.0.1", 0), Liar()
    daemon.register(liar, DOOR)
    thread = threading.Thread(target=daemon.serve)
    thread.start()
    assert daemon.listener is not None
    yield liar, Pyro.core.PyroURI("127.0.0.1", DOOR, daemon.listener.getsockname()[1])
    liar.over.set()
    daemon.stop(0)
    thread.join(10)
    daemon.close()


@pytest.mark.parametrize("odd", [None, 7, "text", [1], [0, []], [("a", "b")], {}])
def test_an_answer_that_is_none_is_an_error_of_the_package(
    liar: tuple[Liar, Pyro.core.PyroURI], running: Any, odd: Any
) -> None:
    lies, uri = liar
    names = Pyro.naming.NameServerProxy(uri, noconnect=1)
    attributes, daemon = uri.getAttrProxy(), running()
    daemon.useNameServer(names)
    lies.answer = odd
    for ask in (
        lambda: names.resolve("name"),
        lambda: names._getSystemMeta("name"),
        lambda: names.list("") and names.flatlist(),
        lambda: attributes.name,
        lambda: daemon.connectPersistent(Account(), "name"),
        lambda: uri.__class__(f"PYROLOC://127.0.0.1:{uri.port}/{odd}").getProxy().call(),
    ):
        with pytest.raises(PyroError):
            assert not ask()
    lies.verdict = odd
    with pytest.raises(PyroError):
        uri.getProxy().call()


def test_a_name_server_that_says_nothing_is_not_waited_for(
    liar: tuple[Liar, Pyro.core.PyroURI], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pyro.nsproxies, "PATIENCE", 0.05)
    with pytest.raises(TimeoutError):
        Pyro.naming.NameServerProxy(liar[1])


def test_a_proxy_that_was_sent_can_be_used(running: Any) -> None:
    uri = running().connect(Account())
    proxy, sent = uri.getProxy(), uri.getProxy()
    sent.adapter.timeout = float("inf")
    assert proxy.echo(sent).echo(1) == 1
    for form in (["PYRO", "a\nb", 1, "x"], ["PYRO", "a", 1, "\x1b[2J"]):
        sent.URI.protocol, sent.URI.address, sent.URI.port, sent.URI.objectID = form
        with pytest.raises(PyroError, match="malformed"):
            proxy.echo(sent)
        with pytest.raises(Pyro.errors.URIError):
            Pyro.core.PyroURI("{}://{}:{}/{}".format(*form))
