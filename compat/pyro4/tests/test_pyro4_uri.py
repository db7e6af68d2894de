"""URIs, and how they travel."""

from __future__ import annotations

import copy
import pickle

import pytest

import Pyro4
from Pyro4.configuration import config
from Pyro4.core import URI
from Pyro4.errors import PyroError, SerializeError

FORMS = {"__class__": "Pyro4.core.URI", "state": ["PYRO", "a", None, "b", 1]}


def test_it_belongs_to_core_and_shows_itself() -> None:
    assert URI.__module__ == "Pyro4.core"
    uri = URI("pyro:thing@[::1]:44")
    assert str(uri) == uri.asString() == "PYRO:thing@[::1]:44"
    assert repr(uri).startswith("<Pyro4.core.URI at 0x")
    assert (uri.protocol, uri.object, uri.host, uri.port) == ("PYRO", "thing", "::1", 44)
    assert (uri.location, uri.sockname) == ("[::1]:44", None)


def test_socket_names_may_have_blanks_and_tags_are_a_set() -> None:
    assert URI("PYRO:a@./u:/tmp/a name").sockname == "/tmp/a name"
    assert URI("PYROMETA:a,b").object == {"a", "b"}
    assert URI.isUnixsockLocation("./u:x")
    config.NS_PORT = 1234
    assert URI("PYRONAME:x@host").port == 1234


@pytest.mark.parametrize(
    "text", ["", "a", "PYRO:a", "PYRO:a@b", "PYRO:a@b:c", "PYROX:a@b:1"]
)
def test_what_is_no_uri_is_a_pyro_error(text: str) -> None:
    with pytest.raises(PyroError):
        URI(text)


def test_equal_uris_are_one_key() -> None:
    assert {URI("PYROMETA:b,a"): 1}[URI("PYROMETA:a,b")] == 1
    assert URI("PYRO:a@b:1") != URI("PYRO:a@b:2")
    assert URI("PYRO:a@b:1") != "PYRO:a@b:1"


@pytest.mark.parametrize("text", ["PYRO:a@b:1", "PYROMETA:a,b@h:9", "PYRONAME:x"])
@pytest.mark.parametrize("name", ["serpent", "json", "marshal", "msgpack", "pickle"])
def test_it_travels_in_every_serializer(text: str, name: str) -> None:
    codec = Pyro4.util.get_serializer(name)
    found = codec.loads(codec.dumps(URI(text)))
    assert (type(found), found) == (URI, URI(text))
    assert copy.copy(found) == found


def test_its_pickle_names_its_public_home_and_has_its_five_parts() -> None:
    data = pickle.dumps(URI("PYRO:a@b:1"), 2)
    assert b"cPyro4.core\nURI\n" in data
    uri = URI.__new__(URI)
    uri.__setstate__(("PYRO", "a", None, "b", 1))
    assert uri.__getstate__() == ("PYRO", "a", None, "b", 1)
    assert pickle.loads(data) == uri


@pytest.mark.parametrize(
    "state",
    [
        None,
        5,
        [],
        ["PYRO"],
        ["PYRO", 5, None, "b", 1],
        ["PYRO", "a", None, "b", "1"],
        ["PYRO", "a", None, "b", True],
        ["PYRO", "", None, "b", 1],
        ["PYRO", [], None, "b", 1],
        ["PYRO", ["a"], None, "b", 1],
        ["PYROMETA", [], None, None, None],
        ["PYROMETA", ["a", 1], None, None, None],
        ["PYROX", "a", None, "b", 1],
    ],
)
def test_a_malformed_state_is_refused(state: object) -> None:
    codec = Pyro4.util.get_serializer("json")
    data = codec.dumps(FORMS).replace(b'["PYRO", "a", null, "b", 1]', codec.dumps(state))
    with pytest.raises(SerializeError):
        codec.loads(data)
    assert codec.loads(codec.dumps(FORMS)) == URI("PYRO:a@b:1")
