from __future__ import annotations

from typing import Any

import pytest

from pyrophone import URI, Settings
from pyrophone.errors import InvalidURIError
from pyrophone.frontend.forms import as_uri, asking, codecs_for, own_codecs
from pyrophone.serializers.classes import ClassTable
from pyrophone.serializers.codecs import Codecs
from pyrophone.sync import Daemon, Proxy
from pyrophone.wire.dialects import PYRO5
from pyrophone.wire.metadata import Metadata
from valued import Colour, Point, Shape


@pytest.mark.parametrize(
    ("target", "uri"),
    [
        ("PYRO:a@b:1", "PYRO:a@b:1"),
        ("pyroname:a", "PYRONAME:a"),
        ("lab.clock", "PYRONAME:lab.clock"),
        ("Pyro", "PYRONAME:Pyro"),
    ],
)
def test_a_target_is_a_uri_or_a_name(target: str, uri: str) -> None:
    assert str(as_uri(target, Settings())) == uri
    assert as_uri(URI.parse(uri), Settings()) == URI.parse(uri)


def test_what_looks_like_a_uri_must_be_one() -> None:
    with pytest.raises(InvalidURIError):
        as_uri("PYRO:a", Settings())


def test_behind_a_socket_that_is_connected_it_is_an_id() -> None:
    assert str(as_uri("PYRO:a", Settings(), connected=True).object) == "PYRO:a"


def test_questions_have_a_limit() -> None:
    assert asking(Settings(), PYRO5)[0].timeout == 10.0
    settings = Settings(timeout=2.0)
    same, codecs = asking(settings, PYRO5)
    assert same is settings
    assert "serpent" in codecs.by_name


def test_what_a_program_has_of_its_own_is_written_by_its_own_codecs() -> None:
    settings, classes = Settings(), ClassTable()
    assert own_codecs(Proxy.to, settings, None, None, PYRO5) is None
    own = own_codecs(Proxy.to, settings, classes, None, PYRO5)
    assert own is not None
    assert own.classes is classes
    with Daemon() as daemon:
        assert own_codecs(Proxy.to, settings, classes, daemon, PYRO5) is daemon.codecs


def test_a_proxy_travels_and_is_made_anew() -> None:
    made: list[dict[str, Any]] = []

    def make(uri: URI, **arguments: Any) -> Proxy:
        made.append(arguments)
        return Proxy.to(uri, metadata=arguments["metadata"])

    codecs = codecs_for(make, Settings(timeout=3.0))
    serpent = codecs.by_name["serpent"]
    sent = Proxy.to(URI.parse("PYRO:a@b:1"), metadata=Metadata(frozenset({"read"})))
    received = serpent.loads(serpent.dumps(sent))
    assert received == sent
    assert made[0]["settings"] == Settings(timeout=3.0)
    assert made[0]["codecs"] is codecs
    assert made[0]["metadata"] == Metadata(frozenset({"read"}))


def test_proxies_of_the_first_front_end_stay_in_a_table_that_is_shared() -> None:
    classes = ClassTable()
    first = codecs_for(Proxy.to, Settings(), classes)
    codecs_for(lambda uri, **_: pytest.fail("another front-end's"), Settings(), classes)
    serpent = first.by_name["serpent"]
    sent = Proxy.to(URI.parse("PYRO:a@b:1"))
    assert serpent.loads(serpent.dumps(sent)) == sent


class Interface:
    def shape(self, point: Point) -> Shape:
        raise NotImplementedError


def test_the_classes_of_an_interface_may_be_built() -> None:
    settings, kept = Settings(), dict[Any, Codecs]()

    def shared(key: Any, make: Any) -> Codecs:
        return kept.setdefault(key, make())

    for interface in (None, int, list[int]):
        assert own_codecs(Proxy.to, settings, None, None, PYRO5, interface, shared) is None
    first = own_codecs(Proxy.to, settings, None, None, PYRO5, Interface, shared)
    again = own_codecs(Proxy.to, settings, None, None, PYRO5, Interface, shared)
    assert first is not None
    assert first is again
    assert all(cls in first.classes.allowed for cls in (Point, Shape, Colour))
    classes = ClassTable()
    own_codecs(Proxy.to, settings, classes, None, PYRO5, Interface)
    assert Point in classes.allowed
    plain = Settings(values=False)
    assert own_codecs(Proxy.to, plain, None, None, PYRO5, Interface, shared) is None
    with Daemon() as daemon:
        own_codecs(Proxy.to, settings, None, daemon, PYRO5, Interface)
        assert Shape in daemon.codecs.classes.allowed
