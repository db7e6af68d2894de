"""The exposed name server: what Pyro5's has, and what it refuses that one doesn't."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pyrophone import URI, Settings
from pyrophone.context import CallContext, Client, serving
from pyrophone.errors import (
    InvalidURIError,
    NameTakenError,
    NamingError,
    SerializeError,
    UnknownNameError,
)
from pyrophone.naming import MemoryStorage, NameServer
from pyrophone.naming.server import MAX_NAME, announce
from pyrophone.objects.exposure import Members
from pyrophone.sync import Daemon, Proxy, connect
from running import LIMIT, running

OWN = "Pyro.NameServer"
OWN_URI = URI("PYRO", OWN, None, "localhost", 9090)
THING = URI("PYRO", "thing", None, "h", 1)


@pytest.fixture
def names() -> NameServer:
    """One with three names, its own among them."""
    names = NameServer()
    announce(names, OWN_URI)
    names.register("lab.a", THING, metadata={"x", "y"})
    names.register("lab.b", "PYRO:b@h:1")
    return names


def test_the_members_are_those_of_pyro5() -> None:
    members = Members(NameServer)
    assert " ".join(sorted(members.methods)) == (
        "count list lookup ping register remove set_metadata yplookup"
    )
    assert members.oneway == members.attributes.keys() == set()


def test_its_own_entry_is_as_pyro5_has_it(names: NameServer) -> None:
    assert names.lookup(OWN, True) == (OWN_URI, {"class:Pyro5.nameserver.NameServer"})


def test_looking_up(names: NameServer) -> None:
    assert names.lookup("lab.a") == THING
    assert names.lookup("lab.a", True) == (THING, {"x", "y"})
    assert names.lookup("lab.b", return_metadata=True) == (URI.parse("PYRO:b@h:1"), set())
    assert names.count() == 3
    names.ping()


def test_tags_come_in_sets_that_every_peer_can_read(names: NameServer) -> None:
    found: Any = [names.lookup("lab.a", True), names.lookup("lab.b", True)]
    for result in (names.list("", None, True), names.yplookup(["x"])):
        found += result.values()
    assert {type(tags) for _, tags in found} == {set}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("lab.c", ", did you mean 'lab.b' or 'lab.a'?"),
        ("Lab.a", ", did you mean 'lab.a' or 'lab.b'?"),
        ("Pyro.NamServer", ", did you mean 'Pyro.NameServer'?"),
        ("q", ""),
        ("", ""),
    ],
)
def test_an_unknown_name_is_named_and_what_is_spelled_nearly_so(
    names: NameServer, name: str, hint: str
) -> None:
    for look in (names.lookup, lambda name: names.set_metadata(name, None)):
        with pytest.raises(UnknownNameError) as caught:
            look(name)
        assert str(caught.value) == f"unknown name: {name}{hint}"


def test_registering_replaces_the_tags_too(names: NameServer) -> None:
    names.register("lab.a", "PYRO:new@h:1")
    assert names.lookup("lab.a", True) == (URI.parse("PYRO:new@h:1"), set())


def test_registering_safely_replaces_nothing(names: NameServer) -> None:
    with pytest.raises(NameTakenError, match=r"^name already registered: lab.a; "):
        names.register("lab.a", "PYRO:new@h:1", safe=True)
    assert names.lookup("lab.a", True) == (THING, {"x", "y"})
    names.register("lab.new", "PYRO:new@h:1", safe=True)
    assert names.count() == 4


@pytest.mark.parametrize("uri", ["PYRONAME:other", "PYROMETA:a,b", "PYRO:x@./u:/tmp/s"])
def test_uris_of_all_kinds_can_be_registered(names: NameServer, uri: str) -> None:
    names.register("n", uri)
    assert names.list("n") == {"n": uri}


def test_uris_are_kept_in_their_normal_form(names: NameServer) -> None:
    names.register("n", "pyroname:other@h")
    assert names.list("n") == {"n": "PYRONAME:other@h:9090"}


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("hello", "invalid uri 'hello': it must begin with 'PYRO:'"),
        ("PYRO:x", "invalid uri 'PYRO:x': '@' and a location are missing at the end"),
        ("PYRO:x@h:port", "invalid port in uri, port=port: that is no number"),
        ("PYRO:x@:12", "invalid uri 'PYRO:x@:12': the host is missing behind the '@'"),
        (URI("PYRO", "x"), "invalid uri 'PYRO:x': '@' and a location"),
        ("PYRO:x@h:1" + "1" * 4096, "invalid uri: 4106 characters, limit is 4096"),
    ],
)
def test_what_is_wrong_with_a_uri_is_said(
    names: NameServer, uri: Any, message: str
) -> None:
    with pytest.raises(InvalidURIError) as caught:
        names.register("n", uri)
    assert str(caught.value).startswith(message)
    assert names.count() == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((7, "PYRO:x@h:1"), "name must be a text, not int"),
        (("n", 7), "uri must be a URI or its text, not int"),
        (
            ("n", "PYRO:x@h:1", False, "tag"),
            "metadata should not be a str, but a set or a list of texts",
        ),
        (
            ("n", "PYRO:x@h:1", False, 7),
            "metadata must be a set or a list of texts, not int",
        ),
        (("n", "PYRO:x@h:1", False, [7]), "a tag in metadata must be a text, not int"),
    ],
)
def test_wrong_types_are_named(names: NameServer, arguments: Any, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        names.register(*arguments)
    assert str(caught.value) == message
    assert names.count() == 3


def test_wrong_types_elsewhere_are_named_too(names: NameServer) -> None:
    no: Any = 7
    wrong: list[Callable[[], object]] = [
        lambda: names.lookup(no),
        lambda: names.set_metadata(no, None),
        lambda: names.set_metadata("lab.a", no),
        lambda: names.set_metadata("lab.a", "tag"),
        lambda: names.remove(no),
        lambda: names.remove(prefix=no),
        lambda: names.remove(regex=no),
        lambda: names.list(no),
        lambda: names.list(regex=no),
        lambda: names.yplookup("tag"),
        lambda: names.yplookup(meta_any="tag"),
        lambda: names.yplookup(no),
    ]
    for call in wrong:
        with pytest.raises(TypeError):
            call()


@pytest.mark.parametrize("name", ["__class__", "\ud800", "x" * (MAX_NAME + 1)])
def test_what_would_make_lists_unreadable_is_refused(names: NameServer, name: str) -> None:
    with pytest.raises(ValueError, match=r"can't travel|of 1001 characters, limit is 1000"):
        names.register(name, THING)
    with pytest.raises(ValueError, match=r"^a tag in metadata"):
        names.register("n", THING, metadata=[name])
    assert names.count() == 3


def test_a_uri_that_cannot_be_encoded_is_refused(names: NameServer) -> None:
    with pytest.raises(ValueError, match="can't travel: half a character at 5"):
        names.register("n", "PYRO:\ud800@h:1")


def test_names_may_be_long_empty_or_odd(names: NameServer) -> None:
    for name in ("x" * MAX_NAME, "", "a b@c\n", "é"):
        names.register(name, THING)
        assert names.lookup(name) == THING


def test_the_own_entry_stays(names: NameServer) -> None:
    changes: list[Callable[[], None]] = [
        lambda: names.register(OWN, THING),
        lambda: names.register(OWN, THING, safe=True),
        lambda: names.set_metadata(OWN, []),
    ]
    for change in changes:
        with pytest.raises(
            NamingError, match=r"^name already registered: Pyro.NameServer; it"
        ):
            change()
    assert names.remove(OWN) == 0
    assert names.remove(prefix="Pyro") == 0
    assert names.remove(regex=".*") == 2
    assert names.list() == {OWN: str(OWN_URI)}
    assert names.lookup(OWN, True)[1] == {"class:Pyro5.nameserver.NameServer"}  # type: ignore[index]


def test_removing(names: NameServer) -> None:
    names.register("lab_c", THING)
    assert names.remove() == names.remove("") == names.remove("unknown") == 0
    assert names.remove("lab.a", prefix="lab") == 1  # the first that is given counts
    assert names.list() == {
        OWN: str(OWN_URI),
        "lab.b": "PYRO:b@h:1",
        "lab_c": str(THING),
    }
    assert names.remove("", prefix="lab_", regex=".*") == 1
    assert names.remove(regex="b") == 0
    assert names.remove(regex=r"lab\.") == 1
    assert names.count() == 1


def test_setting_tags(names: NameServer) -> None:
    names.set_metadata("lab.a", ["z", "z"])
    assert names.lookup("lab.a", True) == (THING, {"z"})
    names.set_metadata("lab.a", None)
    assert names.lookup("lab.a", True) == (THING, set())


def test_setting_tags_does_not_undo_a_registration_in_between() -> None:
    class Interrupted(MemoryStorage):
        """Somebody registers anew while the tags are being set."""

        def get(self, name: str) -> Any:
            record = super().get(name)
            if record is not None and record.uri == str(THING):
                super().put(name, "PYRO:new@h:1", ["new"])
            return record

    names = NameServer(Interrupted())
    names.register("n", THING)
    names.set_metadata("n", ["z"])
    assert names.lookup("n", True) == (URI.parse("PYRO:new@h:1"), {"z"})


def test_listing(names: NameServer) -> None:
    own = {OWN: str(OWN_URI)}
    lab = {"lab.a": str(THING), "lab.b": "PYRO:b@h:1"}
    assert names.list() == names.list("", "") == {**own, **lab}
    assert (
        names.list("lab") == names.list(regex="l[a]b") == names.list(prefix="lab.") == lab
    )
    assert names.list(regex="ab") == {}
    assert names.list("lab", return_metadata=True) == {
        "lab.a": (str(THING), {"x", "y"}),
        "lab.b": ("PYRO:b@h:1", set()),
    }
    for two in (("a", "b"), ("a", None, ["x"]), (None, None, ["x"], ["y"])):
        with pytest.raises(ValueError, match="only filter on one thing at a time"):
            names.list(*two)
    with pytest.raises(NamingError, match=r"^invalid regex: missing \)"):
        names.list(regex="(")


def test_listing_in_the_order_of_arguments_of_each_dialect(names: NameServer) -> None:
    a = {"lab.a": (str(THING), {"x", "y"})}
    assert names.list("lab.a", None, True) == a  # of Pyro5
    assert names.list("lab.a", None, None, None, True) == a  # of Pyro4
    assert names.list("lab.a", None, False) == {"lab.a": str(THING)}
    for tags in ({"metadata_all": ["x", "y"]}, {"metadata_any": ("x", "q")}):
        assert names.list(**tags, return_metadata=True) == a
    assert names.list(metadata_all={"x", "q"}) == {}
    assert names.list(metadata_all=[], metadata_any=set()) == names.list()
    with pytest.raises(TypeError, match="metadata_any should not be a str"):
        names.list(metadata_any="x")


@pytest.mark.parametrize(
    ("dialect", "tags"), [("pyro5", {"y", "x"}), ("pyro4", ["x", "y"])]
)
def test_who_calls_gets_tags_as_its_dialect_has_them(
    names: NameServer, dialect: str, tags: object
) -> None:
    client = Client()
    client.dialect = dialect
    token = serving.set(CallContext(client, 0, 0, "serpent", {}, None))
    try:
        assert names.lookup("lab.a", True) == (THING, tags)
        assert names.list("lab.a", return_metadata=True) == {"lab.a": (str(THING), tags)}
        assert names.yplookup(["x"]) == {"lab.a": (str(THING), tags)}
    finally:
        serving.reset(token)


def test_listing_by_tags(names: NameServer) -> None:
    names.set_metadata("lab.b", ["y"])
    a, b = (str(THING), {"x", "y"}), ("PYRO:b@h:1", {"y"})
    assert names.yplookup() == names.yplookup([], ()) == names.yplookup(["q"]) == {}
    assert names.yplookup(["x", "y", "x"]) == {"lab.a": a}
    assert names.yplookup(meta_any={"x", "y"}) == {"lab.a": a, "lab.b": b}
    assert names.yplookup(("y",), return_metadata=False) == {
        "lab.a": str(THING),
        "lab.b": "PYRO:b@h:1",
    }
    with pytest.raises(ValueError, match="meta_all or for meta_any, not for both"):
        names.yplookup(["x"], ["y"])


def test_one_that_is_not_announced_has_no_entry_of_its_own() -> None:
    names = NameServer()
    assert names.count() == 0
    names.register(OWN, THING)
    assert names.lookup(OWN) == THING


@pytest.fixture(params=["serpent", "json", "marshal", "msgpack"])
def remote(request: pytest.FixtureRequest, names: NameServer) -> Iterator[Proxy]:
    """A proxy for the name server, for each serializer."""
    settings = Settings(serializer=request.param, timeout=LIMIT)
    with running(Daemon()) as daemon:
        with connect(daemon.register(names, OWN), settings=settings) as proxy:
            yield proxy


def test_every_serializer_carries_every_result(remote: Proxy) -> None:
    assert [remote.ping(), remote.count(), remote.lookup("lab.a")] == [None, 3, THING]
    uri, tags = remote.lookup("lab.a", return_metadata=True)
    assert (uri, set(tags)) == (THING, {"x", "y"})
    uri, tags = remote.lookup("lab.b", True)
    assert (uri, set(tags)) == (URI.parse("PYRO:b@h:1"), set())
    assert remote.list(prefix="lab") == {"lab.a": str(THING), "lab.b": "PYRO:b@h:1"}
    found = remote.list(regex="lab", return_metadata=True)
    assert {name: (uri, set(tags)) for name, (uri, tags) in found.items()} == {
        "lab.a": (str(THING), {"x", "y"}),
        "lab.b": ("PYRO:b@h:1", set()),
    }
    found = remote.yplookup(meta_all=["x"])
    assert [(name, uri, set(tags)) for name, (uri, tags) in found.items()] == [
        ("lab.a", str(THING), {"x", "y"})
    ]
    remote.register("n", THING, safe=True, metadata=["t"])
    assert remote.lookup("n") == THING
    assert remote.remove(name="n") == 1


def test_errors_arrive_as_what_they_are(remote: Proxy) -> None:
    with pytest.raises(UnknownNameError, match=r"^unknown name: lab.c, did you mean"):
        remote.lookup("lab.c")
    with pytest.raises(NameTakenError, match=r"^name already registered: lab.a"):
        remote.register("lab.a", THING, True)
    with pytest.raises(InvalidURIError, match="invalid uri 'x'"):
        remote.register("n", "x")
    with pytest.raises((ValueError, SerializeError)):
        remote.register("\ud800", THING)
    with pytest.raises(ValueError, match="one thing at a time"):
        remote.list("a", "b")
