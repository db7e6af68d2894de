"""URIs, as programs handle them."""

from __future__ import annotations

import copy
import pickle

import pytest

import Pyro5.api
import Pyro5.core
from Pyro5 import errors


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PYRO:obj@host:4444", ("PYRO", "obj", None, "host", 4444, "host:4444")),
        ("pyro:obj@[::1]:4444", ("PYRO", "obj", None, "::1", 4444, "[::1]:4444")),
        ("PYRO:obj@./u:/a b", ("PYRO", "obj", "/a b", None, None, "./u:/a b")),
        ("PYRONAME:name", ("PYRONAME", "name", None, None, None, None)),
        ("PYRONAME:name@host", ("PYRONAME", "name", None, "host", 9090, "host:9090")),
        ("PYROMETA:b,a", ("PYROMETA", {"a", "b"}, None, None, None, None)),
    ],
)
def test_parts(text: str, expected: tuple[object, ...]) -> None:
    uri = Pyro5.api.URI(text)
    parts = (uri.protocol, uri.object, uri.sockname, uri.host, uri.port, uri.location)
    assert parts == expected
    assert Pyro5.api.URI(str(uri)) == uri


def test_the_port_of_a_name_server_is_the_configured_one() -> None:
    Pyro5.config.NS_PORT = 1111
    assert str(Pyro5.api.URI("PYRONAME:name@host")) == "PYRONAME:name@host:1111"


@pytest.mark.parametrize(
    "text",
    ["", "PYRO::", "PYRO:@host:1", "PYRO:a b@host:1", "PYROLOC:a@b:1", "PYRO:a@b:c", "a"],
)
def test_malformed_texts_are_pyro_errors(text: str) -> None:
    with pytest.raises(errors.PyroError, match="invalid"):
        Pyro5.api.URI(text)


@pytest.mark.parametrize("thing", [None, 99999, b"PYRO:a@b:1"])
def test_other_things_are_type_errors(thing: object) -> None:
    with pytest.raises(TypeError):
        Pyro5.api.URI(thing)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Pyro5.api.resolve(thing)  # type: ignore[arg-type]


def test_texts() -> None:
    uri = Pyro5.api.URI("PYRO:obj@host:4444")
    assert str(uri) == uri.asString() == "PYRO:obj@host:4444"
    assert repr(uri) == f"<Pyro5.core.URI at 0x{id(uri):x}; PYRO:obj@host:4444>"
    assert Pyro5.core.URI.isUnixsockLocation("./u:/path")
    assert not Pyro5.core.URI.isUnixsockLocation("host:1")


def test_uris_can_be_changed_and_compared() -> None:
    uri = Pyro5.api.URI("PYRO:obj@host:4444")
    other = Pyro5.api.URI(uri)
    assert (uri == other, hash(uri) == hash(other)) == (True, True)
    other.port = 5555
    assert str(other) == "PYRO:obj@host:5555"
    assert uri != other
    assert uri != str(uri)
    assert hash(Pyro5.api.URI("PYROMETA:a,b")) == hash(Pyro5.api.URI("PYROMETA:b,a"))


def test_copies_are_of_the_same_class() -> None:
    class Special(Pyro5.api.URI):
        pass

    uri = Special("PYROMETA:a,b")
    new = copy.copy(uri)
    assert (type(new), new) == (Special, uri)
    assert new.object is not uri.object
    plain = Pyro5.api.URI("PYRO:obj@host:4444")
    assert pickle.loads(pickle.dumps(plain)) == copy.deepcopy(plain) == plain


def test_a_uri_of_an_object_is_resolved_already() -> None:
    uri = Pyro5.api.URI("PYRO:obj@host:4444")
    assert Pyro5.api.resolve(uri) is uri
    assert Pyro5.api.resolve("PYRO:obj@host:4444") == uri


def test_tags_tell_the_classes_of_a_thing() -> None:
    class Base:
        pass

    class Derived(Base, dict):
        pass

    name = f"{Base.__module__}.{{}}".format
    tags = {f"class:{name('Base')}", f"class:{name('Derived')}"}
    assert Pyro5.api.type_meta(Derived) == Pyro5.api.type_meta(Derived()) == tags
    assert Pyro5.api.type_meta(Base(), "is:") == {f"is:{name('Base')}"}
    assert Pyro5.api.type_meta(5) == set()
