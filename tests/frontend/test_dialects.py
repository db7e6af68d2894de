"""One port for clients of several dialects."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from certificates import Certificates
from pyrophone import Settings, current, expose
from pyrophone.errors import ConnectError, DaemonError, NotExposedError, SerializeError
from pyrophone.finding import NAME_SERVER_ID
from pyrophone.frontend.dialects import find_dialects
from pyrophone.naming import NameServer
from pyrophone.net.tls import client_context, server_context
from pyrophone.sync import Daemon, LoopDaemon, batch, connect, locate_names
from pyrophone.sync.client import codecs_for
from pyrophone.wire.client import ClientSession
from pyrophone.wire.dialects import PYRO5, Dialect
from running import LIMIT, running
from toy import TOY


@expose
class Oven:
    def bake(self, what: str) -> str:
        return f"{what} in {current().client.dialect}"

    def loaves(self) -> Iterator[int]:
        yield from (1, 2)

    def itself(self) -> Any:
        return self

    def call(self, other: Any) -> Any:
        return other.bake("toast")

    def fail(self) -> None:
        raise DaemonError("cold")


@pytest.fixture(params=[Daemon, LoopDaemon])
def daemon(request: pytest.FixtureRequest) -> Iterator[LoopDaemon]:
    with running(request.param(dialects=[TOY])) as daemon:
        daemon.register(Oven(), "oven")
        yield daemon


def test_two_dialects_are_answered_at_one_port(daemon: LoopDaemon) -> None:
    uri = daemon.uri_of("oven")
    with connect(uri) as ours, connect(uri, dialect=TOY) as theirs:
        for _ in range(2):
            assert ours.bake("bread") == "bread in pyro5"
            assert theirs.bake("bread") == "bread in toy"
        assert list(theirs.loaves()) == [1, 2]
        with pytest.raises(DaemonError, match="cold"):
            theirs.fail()
        with pytest.raises(NotExposedError):
            theirs.nothing()
        calls = batch(theirs)
        calls.bake("a")
        calls.fail()
        results = calls()
        assert next(results) == "a in toy"
        with pytest.raises(DaemonError):
            next(results)


class Asked(NameServer):
    """A name server that remembers in what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    @expose
    def lookup(self, name: str, return_metadata: bool = False) -> Any:
        self.heard.append(current().client.dialect)
        return super().lookup(name, return_metadata)

    @expose
    def ping(self) -> None:
        self.heard.append(current().client.dialect)


def test_the_name_server_is_asked_in_the_dialect_of_the_object() -> None:
    names = Asked()
    with running(Daemon(dialects=[TOY])) as daemon:
        own = Settings(name_port=daemon.register(names, NAME_SERVER_ID).port or 0)
        names.register("oven", daemon.register(Oven()))
        for dialect in (PYRO5, TOY):
            with connect("oven", settings=own, dialect=dialect) as oven:
                assert oven.bake("x") == f"x in {dialect.name}"
            with locate_names(settings=own, dialect=dialect) as asked:
                assert asked.lookup("oven").scheme == "PYRO"
    assert names.heard == ["pyro5"] * 3 + ["toy"] * 3


def test_a_proxy_that_comes_from_a_dialect_speaks_it(daemon: LoopDaemon) -> None:
    uri = daemon.uri_of("oven")
    with connect(uri) as ours, connect(uri, dialect=TOY) as theirs:
        assert ours.itself().bake("x") == "x in pyro5"
        with theirs.itself() as mine:
            assert mine.bake("x") == "x in toy"
    with running(Daemon(dialects=[TOY])) as client:
        client.register(own := Oven())
        with (
            connect(uri, dialect=TOY, daemon=client) as theirs,
            connect(uri, daemon=client) as ours,
        ):
            assert theirs.call(own) == "toast in toy"
            assert ours.call(own) == "toast in pyro5"


def test_the_bytes_that_tell_may_come_one_by_one(daemon: LoopDaemon) -> None:
    data = greeting(TOY)
    with closing(dial(daemon)) as sock:
        for place in range(len(data)):
            sock.sendall(data[place : place + 1])
        assert sock.recv(100).startswith(b"PYRO\x12\x67\x02")


@pytest.mark.parametrize("version", [0, 48, 501, 503, 4710, 0xFFFF])
def test_a_version_in_between_is_refused_as_ever(daemon: LoopDaemon, version: int) -> None:
    with closing(dial(daemon)) as sock:
        sock.sendall(b"PYRO" + version.to_bytes(2, "big"))
        answer = sock.recv(1000)
        assert answer.startswith(b"PYRO\x01\xf6\x03")
        assert f"invalid protocol version: {version}".encode() in answer
    with connect(daemon.uri_of("oven")) as oven:
        assert oven.bake("bread")


def test_other_garbage_behind_the_right_version_is_refused_in_its_dialect(
    daemon: LoopDaemon,
) -> None:
    with closing(dial(daemon)) as sock:
        sock.sendall(b"PYRO\x12\x67" + b"\xff" * 40)
        assert sock.recv(1000).startswith(b"PYRO\x12\x67\x03")


def test_a_daemon_that_was_not_told_to_refuses_the_dialect() -> None:
    with running(Daemon()) as daemon, closing(dial(daemon)) as sock:
        sock.sendall(greeting(TOY))
        assert b"invalid protocol version: 4711" in sock.recv(1000)


def test_a_dialect_is_answered_through_tls(tmp_path: Path) -> None:
    files = Certificates(tmp_path)
    tls = server_context(files.server.certificate, files.server.key)
    settings = Settings(tls=client_context(authorities=files.authority))
    with running(Daemon(tls=tls, dialects=[TOY])) as daemon:
        uri = daemon.register(Oven(), "oven")
        with (
            connect(uri, settings=settings) as ours,
            connect(uri, settings=settings, dialect=TOY) as theirs,
        ):
            assert ours.bake("bread") == "bread in pyro5"
            assert theirs.bake("bread") == "bread in toy"


def test_nobody_greets_on_a_connected_socket_in_any_dialect() -> None:
    for dialect in (PYRO5, TOY):
        ours, theirs = socket.socketpair()
        with (
            closing(ours),
            closing(theirs),
            running(Daemon(sock=ours, dialects=[TOY])) as d,
        ):
            d.register(Oven(), "oven")
            with connect("oven", sock=theirs, dialect=dialect) as oven:
                assert oven.bake("bread") == f"bread in {dialect.name}"


def test_settings_that_change_count_for_clients_of_all_dialects(daemon: LoopDaemon) -> None:
    uri = daemon.uri_of("oven")
    with connect(uri) as ours, connect(uri, dialect=TOY) as theirs:
        daemon.reconfigure(Settings(max_depth=3, compression=True))
        assert ours.bake("x" * 300).startswith("xx")
        assert theirs.bake("x" * 300).startswith("xx")
        for oven in (ours, theirs):
            with pytest.raises(SerializeError, match="nested deeper than"):
                oven.bake([[[[[[1]]]]]])


def test_dialects_are_found_by_the_names_that_distributions_give(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def installed(*, group: str, name: str) -> list[EntryPoint]:
        assert group == "pyrophone.dialects"
        values = {"toy": "toy:TOY", "junk": "toy:VERSION"}
        return [EntryPoint(name, values[name], group)] if name in values else []

    monkeypatch.setattr("importlib.metadata.entry_points", installed)
    other = Dialect()
    assert find_dialects(["toy", other, "pyro5"]) == (TOY, other, PYRO5)
    for name in ("pyro3", "junk"):
        with pytest.raises(
            DaemonError, match=f"the distribution pyrophone-{name} may have"
        ):
            find_dialects([name])
    with running(Daemon(settings=Settings(dialects=("toy",)))) as daemon:
        with connect(daemon.register(Oven()), dialect="toy") as oven:
            assert oven.bake("bread") == "bread in toy"


def test_a_dialect_that_is_not_there_is_noticed_before_anything_listens() -> None:
    with pytest.raises(DaemonError, match="dialect 'pyro3' is not installed"):
        Daemon(dialects=["pyro3"])
    with pytest.raises(DaemonError, match="dialect 'pyro3' is not installed"):
        connect("PYRO:x@localhost:1", dialect="pyro3")


def test_a_client_of_a_dialect_is_refused_with_a_reason() -> None:
    class Strict(Daemon):
        def greets(self, client: Any, handshake: Any) -> Any:
            if client.dialect != "toy":
                raise ValueError("only toys come in")
            return "hello"

    with running(Strict(dialects=[TOY])) as daemon:
        uri = daemon.register(Oven())
        with pytest.raises(ConnectError, match="only toys come in"):
            connect(uri)
        with connect(uri, dialect=TOY) as oven:
            assert oven.bake("bread") == "bread in toy"


def dial(daemon: LoopDaemon) -> socket.socket:
    host, _, port = daemon.location.rpartition(":")
    return socket.create_connection((host, int(port)), LIMIT)


def greeting(dialect: Dialect) -> bytes:
    codecs = codecs_for(Settings(), dialect=dialect)
    return ClientSession("oven", codecs, dialect=dialect).greet()
