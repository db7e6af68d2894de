"""URIs: forms, text, errors, equality, copies."""

import copy
import pickle

import pytest

from Pyro4 import URI, config
from Pyro4.errors import PyroError
from Pyro4.naming import resolve, type_meta


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("PYRO:some_obj@host:9999", ("PYRO", "some_obj", None, "host", 9999)),
        ("PYRO:some.obj-id@127.0.0.1:1", ("PYRO", "some.obj-id", None, "127.0.0.1", 1)),
        ("PYRO:o@[::1]:9999", ("PYRO", "o", None, "::1", 9999)),
        ("PYRO:o@./u:/tmp/sock", ("PYRO", "o", "/tmp/sock", None, None)),
        ("PYRO:o@./u:a b c ", ("PYRO", "o", "a b c ", None, None)),
        ("PYRO:o@./u:\0abstract", ("PYRO", "o", "\0abstract", None, None)),
        ("PYRO:o\u20ac@h\u20ac:1", ("PYRO", "o\u20ac", None, "h\u20ac", 1)),
        ("PYRO:o@host:-5", ("PYRO", "o", None, "host", -5)),
        ("PYRO:o@host:99999", ("PYRO", "o", None, "host", 99999)),
        ("PYRO:o@:4444", ("PYRO", "o", None, "", 4444)),
        ("PYRONAME:some.name", ("PYRONAME", "some.name", None, None, None)),
        ("PYRONAME:n@host", ("PYRONAME", "n", None, "host", 9090)),
        ("PYRONAME:n@host:1234", ("PYRONAME", "n", None, "host", 1234)),
        ("PYRONAME:n@[::1]:5", ("PYRONAME", "n", None, "::1", 5)),
        ("PYROMETA:a", ("PYROMETA", {"a"}, None, None, None)),
        ("PYROMETA:a,b", ("PYROMETA", {"a", "b"}, None, None, None)),
        ("PYROMETA:a,b@host", ("PYROMETA", {"a", "b"}, None, "host", 9090)),
        ("PYROMETA:a,b@host:1", ("PYROMETA", {"a", "b"}, None, "host", 1)),
        ("pyro:o@host:1", ("PYRO", "o", None, "host", 1)),
        ("PyroName:n", ("PYRONAME", "n", None, None, None)),
        ("pyrometa:a", ("PYROMETA", {"a"}, None, None, None)),
    ],
)
def test_parts(text, parts):
    uri = URI(text)
    assert (uri.protocol, uri.object, uri.sockname, uri.host, uri.port) == parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PYRO:o@host:9999", "PYRO:o@host:9999"),
        ("pyro:o@host:9999", "PYRO:o@host:9999"),
        ("PYRO:o@[::1]:9999", "PYRO:o@[::1]:9999"),
        ("PYRO:o@./u:/tmp/sock", "PYRO:o@./u:/tmp/sock"),
        ("PYRONAME:n", "PYRONAME:n"),
        ("PYRONAME:n@host", "PYRONAME:n@host:9090"),
        ("PYRONAME:n@host:", "PYRONAME:n@host:9090"),
        ("PYRO:a@b@c:1", "PYRO:a@b@c:1"),
        ("PYRONAME:n@host:1", "PYRONAME:n@host:1"),
        ("PYROMETA:a", "PYROMETA:a"),
        ("PYROMETA:a@host", "PYROMETA:a@host:9090"),
    ],
)
def test_text(text, expected):
    assert str(URI(text)) == expected
    assert str(URI(URI(text))) == expected
    assert URI(text).asString() == expected


def test_text_of_several_tags():
    assert str(URI("PYROMETA:b,a")) in {"PYROMETA:a,b", "PYROMETA:b,a"}


def test_the_port_of_names_comes_from_the_configuration():
    config.NS_PORT = 1111
    assert str(URI("PYRONAME:n@host")) == "PYRONAME:n@host:1111"


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("PYRO:o@host:9999", "host:9999"),
        ("PYRO:o@[::1]:9999", "[::1]:9999"),
        ("PYRO:o@./u:/tmp/sock", "./u:/tmp/sock"),
        ("PYRONAME:n", None),
    ],
)
def test_location(text, location):
    uri = URI(text)
    assert uri.location == location
    with pytest.raises(AttributeError):
        uri.location = "other"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("./u:name", True),
        ("./u:/tmp/a b", True),
        ("./u:", True),
        ("host:1", False),
        ("./x:name", False),
        ("./u", False),
        ("", False),
    ],
)
def test_locations_of_unix_sockets(text, is_one):
    assert bool(URI.isUnixsockLocation(text)) is is_one


@pytest.mark.parametrize("value", [None, 99999, 1.5, b"PYRO:o@h:1", [], object()])
def test_other_types(value):
    with pytest.raises(TypeError):
        URI(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "invalid uri"),
        ("a", "invalid uri"),
        ("PYR", "invalid uri"),
        ("PYRO", "invalid uri"),
        ("PYRO:", "invalid uri"),
        ("PYRO::", "invalid uri"),
        ("PYRO:a", "invalid uri"),
        ("PYRO:a@", "invalid uri"),
        ("PYRO:x@", "invalid uri"),
        ("PYRO:@host:1", "invalid uri"),
        ("PYRO:@", "invalid uri"),
        ("PYRO:a b@host:1", "invalid uri"),
        ("PYRO: a@host:1", "invalid uri"),
        (" PYRO:a@host:1", "invalid uri"),
        ("PYRO:a @host:1", "invalid uri"),
        ("HTTP:a@host:1", "invalid uri"),
        ("PYROLOC:a@host:1", "invalid uri"),
        ("PYROBOGUS:a@host:1", "invalid uri"),
        ("PYRONAMEX:a", "invalid uri"),
        ("PYROMETAX:a", "invalid uri"),
        ("PYRO:a@host", "invalid port in uri"),
        ("PYRO:a@host:", "invalid port in uri"),
        ("PYRO:a@host:x", "invalid port in uri"),
        ("PYRO:a@host:12x", "invalid port in uri"),
        ("PYRO:a@host:1:bogus", "invalid port in uri"),
        ("PYRO:a@host:bogus:1", "invalid port in uri"),
        ("PYRO:a@./u:", "invalid uri"),
        ("PYRO:a@./u:name:bogus", "invalid uri"),
        ("PYRO:a@[::1]", "invalid port in uri"),
        ("PYRO:a@[::1]:", "invalid port in uri"),
        ("PYRO:a@[::1]:x", "invalid port in uri"),
        ("PYRO:a@[[::1]]:1", "invalid ipv6 address: enclosed in too many brackets"),
        (
            "PYRO:a@[local]:1",
            "invalid ipv6 address: the part between brackets must be a numeric ipv6 address",
        ),
        (
            "PYRO:a@[fe80::1%eth0]:1",
            "invalid ipv6 address: the part between brackets must be a numeric ipv6 address",
        ),
        ("PYRONAME:", "invalid uri"),
        ("PYRONAME: ", "invalid uri"),
        ("PYRONAME:a b", "invalid uri"),
        ("PYRONAME:a@host:x", "invalid port in uri"),
        ("PYROMETA:", "invalid uri"),
        ("PYROMETA:a b", "invalid uri"),
    ],
)
def test_malformed(text, message):
    with pytest.raises(PyroError) as info:
        URI(text)
    if message is not None:
        assert str(info.value).startswith(message)


def test_an_unknown_protocol_is_named_as_the_reason():
    with pytest.raises(PyroError, match=r"^invalid uri \(protocol\)"):
        URI("PYROX:a@host:1")


@pytest.mark.parametrize("text", ["PYRO:a@./u:", "PYRO:a@./u:name:bogus"])
def test_a_bad_socket_is_named_as_the_reason(text):
    with pytest.raises(PyroError, match=r"^invalid uri \(location\)"):
        URI(text)


def test_repr():
    uri = URI("PYRO:some_obj@host:9999")
    assert repr(uri) == f"<Pyro4.core.URI at 0x{id(uri):x}; PYRO:some_obj@host:9999>"


def test_equality_and_hash_follow_the_parts():
    one, two = URI("PYRO:o@host:1"), URI("PYRO:o@host:1")
    assert one == two
    assert not one != two  # noqa: SIM202
    assert hash(one) == hash(two)
    two.port = 2
    assert one != two
    two.port = 1
    two.object = "other"
    assert one != two
    two.object = "o"
    two.host = "Host"
    assert one != two
    two.host = "host"
    assert one == two
    two.protocol = "PYRONAME"
    assert one != two


def test_hash_follows_later_changes():
    one, two = URI("PYRO:o@host:1"), URI("PYRO:o@host:2")
    two.port = 1
    assert hash(one) == hash(two)


@pytest.mark.parametrize("other", ["PYRO:o@host:1", None, 42, ()])
def test_only_uris_are_equal(other):
    assert URI("PYRO:o@host:1") != other


def test_sockets_count_for_equality():
    assert URI("PYRO:o@./u:a") == URI("PYRO:o@./u:a")
    assert URI("PYRO:o@./u:a") != URI("PYRO:o@./u:b")
    assert URI("PYRO:o@./u:a") != URI("PYRO:o@a:1")


def test_order_of_tags_does_not_count():
    assert URI("PYROMETA:a,b") == URI("PYROMETA:b,a")
    assert URI("PYROMETA:a,b") != URI("PYROMETA:a")


def test_tags_are_hashable():
    assert hash(URI("PYROMETA:a,b")) == hash(URI("PYROMETA:a,b"))


class Special(URI):
    """A kind of URI."""


@pytest.mark.parametrize(
    "text", ["PYRO:o@host:1", "PYRONAME:n@h", "PYROMETA:a,b", "PYRO:o@./u:x"]
)
@pytest.mark.parametrize("kind", [URI, Special])
@pytest.mark.parametrize(
    "way", [copy.copy, copy.deepcopy, lambda uri: pickle.loads(pickle.dumps(uri))]
)
def test_copies(kind, text, way):
    uri = kind(text)
    copied = way(uri)
    assert copied is not uri
    assert type(copied) is kind
    assert copied == uri
    assert str(copied.location) == str(uri.location)


def test_a_uri_of_a_subclass_is_taken():
    uri = URI(Special("PYRO:o@host:1"))
    assert type(uri) is URI
    assert str(uri) == "PYRO:o@host:1"


def test_extra_attributes_are_not_copied():
    uri = URI("PYRO:o@host:1")
    uri.extra = 1
    assert not hasattr(copy.copy(uri), "extra")


def test_a_state_can_be_given_again():
    uri = URI("PYRO:o@host:1")
    other = URI("PYRO:x@y:2")
    other.__setstate__(uri.__getstate__())
    assert other == uri


def test_resolve_returns_addresses_as_they_are():
    assert resolve("PYRO:o@host:1") == URI("PYRO:o@host:1")
    uri = URI("PYRO:o@./u:x")
    assert resolve(uri) == uri
    with pytest.raises(TypeError):
        resolve(999)


class Base:
    pass


class Child(Base):
    pass


def test_type_meta():
    here = __name__
    assert type_meta(Child) == {f"class:{here}.Base", f"class:{here}.Child"}
    assert type_meta(Child()) == type_meta(Child)
    assert type_meta(Child, prefix="x:") == {f"x:{here}.Base", f"x:{here}.Child"}
    assert type_meta(int) == set()
    assert type_meta(12345) == set()
    assert type_meta(URI) == {"class:Pyro4.core.URI"}


@pytest.mark.fixed("type_meta of an instance forgets the prefix")
def test_type_meta_of_an_instance_uses_the_prefix():
    assert type_meta(Child(), prefix="x:") == type_meta(Child, prefix="x:")


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("PYRO:o@host:1", ("PYRO", "o", None, "host", 1)),
        ("PYRO:o@./u:x", ("PYRO", "o", "x", None, None)),
        ("PYRONAME:n", ("PYRONAME", "n", None, None, None)),
        ("PYRONAME:n@h", ("PYRONAME", "n", None, "h", 9090)),
        ("PYROMETA:a,b", ("PYROMETA", {"a", "b"}, None, None, None)),
    ],
)
def test_the_state(text, state):
    assert URI(text).__getstate__() == state


def test_uris_are_keys():
    found = {URI("PYRO:o@host:1"): 1, URI("PYRONAME:o@host:1"): 2}
    found[URI("PYRO:o@host:1")] = 3
    assert sorted(found.values()) == [2, 3]


def test_the_text_follows_later_changes():
    uri = URI("PYRONAME:n@host:1")
    uri.host = "other"
    uri.port = 7
    assert uri.asString() == str(uri) == "PYRONAME:n@other:7"
    assert uri.location == "other:7"
    uri.protocol = "PYRO"
    assert str(uri) == "PYRO:n@other:7"


@pytest.mark.parametrize("place", ["core", "naming"])
def test_where_functions_live(place):
    import Pyro4

    module = getattr(Pyro4, place)
    if place == "core":
        assert module.URI is Pyro4.URI
        assert module.__name__ == URI.__module__
    else:
        assert module.resolve("PYRO:o@host:1") == URI("PYRO:o@host:1")


def test_a_given_key_changes_nothing_for_addresses():
    assert resolve("PYRO:o@host:1", hmac_key=b"key") == URI("PYRO:o@host:1")
    assert resolve(URI("PYRO:o@host:1"), b"key").port == 1
