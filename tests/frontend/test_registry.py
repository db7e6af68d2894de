"""Registering objects: under ids and names, for several daemons that share classes."""

from __future__ import annotations

from typing import Any

import pytest

from pyrophone import Settings, expose
from pyrophone.errors import DaemonError, NoNameServerError, RefusedError
from pyrophone.objects.exposure import Members
from pyrophone.objects.standins import StandIns
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import Codecs
from pyrophone.sync import Daemon, LoopDaemon, connect
from running import running
from valued import Colour, Engine, Pair, Point

FAR = Settings(name_port=1, broadcast_addresses=(), broadcast_timeout=0.001, timeout=2.0)


@expose
class Echo:
    def echo(self, value: Any) -> Any:
        return value


def test_registering_by_object_id_and_uri() -> None:
    with LoopDaemon() as daemon:
        echo = Echo()
        uri = daemon.register(echo)
        assert uri.scheme == "PYRO"
        assert uri.object.startswith("obj_")
        assert uri.location == daemon.location
        assert daemon.uri_of(echo) == uri
        with pytest.raises(DaemonError, match="already has a Pyro id"):
            daemon.register(echo)
        daemon.unregister(uri)
        with pytest.raises(DaemonError, match="Echo object is not registered here"):
            daemon.uri_of(echo)
        assert daemon.register(echo, "echo") == daemon.uri_of("echo")
        daemon.unregister(echo)
        daemon.unregister("echo")


def test_a_proxy_of_an_own_object_connects_when_used() -> None:
    with running(Daemon()) as daemon:
        echo = Echo()
        daemon.register(echo)
        with daemon.proxy_of(echo) as proxy:
            assert proxy.echo(1) == 1


def test_a_daemon_may_choose_its_serializers_and_keeps_to_them() -> None:
    class Choosy(Daemon):
        """Reads and writes JSON, and marshal, as refusals are written in it."""

        def serializers(self, settings: Settings, classes: ClassTable | None) -> Codecs:
            """Return two of them."""
            codecs = super().serializers(settings, classes)
            some = {name: codecs.by_name[name] for name in ("json", "marshal")}
            return Codecs(codecs.classes, some)

    with running(Choosy()) as daemon:
        uri = daemon.register(Echo())
        daemon.reconfigure(Settings(max_depth=50))
        with connect(uri, settings=Settings(serializer="json")) as proxy:
            assert proxy.echo(1) == 1
        with pytest.raises(RefusedError):
            connect(uri)


def test_without_name_server_nothing_is_registered() -> None:
    with Daemon(settings=FAR) as daemon:
        with pytest.raises(NoNameServerError):
            daemon.register(Echo(), name="lab.echo")
        assert daemon.objects.ids == ["Pyro.Daemon"]


def test_daemons_that_share_a_class_table_find_each_others_objects() -> None:
    classes = ClassTable()
    with Daemon(classes=classes) as one, Daemon(classes=classes) as two:
        echo = Echo()
        two.register(echo, "echo")
        form = StandIns.of(classes)(echo)
        assert form is not None
        assert form["state"][0] == f"PYRO:echo@{two.location}"
        assert StandIns.of(classes)("no object of theirs") is None
        assert one.location != two.location
    assert StandIns.of(classes)(echo) is None


def test_a_daemon_may_rule_otherwise_what_is_exposed() -> None:
    class Plain:
        def shine(self) -> str:
            return "bright"

    class Open(LoopDaemon):
        def members_of(self, cls: type) -> Members:
            return Members(cls, callable) if cls is Plain else super().members_of(cls)

    with Open() as daemon:
        daemon.register(Plain(), "plain")
        assert daemon.objects.find("plain").members.methods == {"shine"}
        assert "ping" in daemon.objects.find("Pyro.Daemon").members.methods


@expose
class Places:
    def near(self, point: Point) -> list[Pair]:
        raise NotImplementedError

    @property
    def colour(self) -> Colour:
        raise NotImplementedError


class Hidden(Places):
    def away(self) -> Engine:
        raise NotImplementedError


def test_classes_that_exposed_members_name_may_be_built() -> None:
    with LoopDaemon() as daemon:
        allowed = daemon.codecs.classes.allowed
        assert Point not in allowed
        daemon.register(Hidden())
        assert all(cls in allowed for cls in (Point, Pair, Colour))
        assert Engine not in allowed
    with LoopDaemon(settings=Settings(values=False)) as daemon:
        daemon.register(Places)
        assert Point not in daemon.codecs.classes.allowed
