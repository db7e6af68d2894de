from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversing import URI_VECTORS
from pyrophone.errors import InvalidURIError
from pyrophone.uri import URI

GOOD = [text for text, vector in URI_VECTORS.items() if vector["ok"]]
BAD = [text for text, vector in URI_VECTORS.items() if not vector["ok"]]


def stated(state: list[Any]) -> tuple[Any, ...]:
    scheme, name, *location = state
    if isinstance(name, dict):
        name = ",".join(sorted(name["$set"]))
    return scheme, name, *location


def test_all_cases_of_the_vectors_are_here() -> None:
    assert (len(GOOD), len(BAD)) == (42, 31)


@pytest.mark.parametrize("text", GOOD)
def test_a_good_uri_gives_the_stated_parts(text: str) -> None:
    vector, uri = URI_VECTORS[text], URI.parse(text)
    assert dataclasses.astuple(uri) == stated(vector["state"])
    assert uri.location == vector["location"]
    if "string" in vector:
        assert str(uri) == vector["string"]


@pytest.mark.parametrize("text", BAD)
def test_a_bad_uri_is_refused_with_the_stated_text(text: str) -> None:
    with pytest.raises(InvalidURIError) as caught:
        URI.parse(text)
    assert str(caught.value).startswith(URI_VECTORS[text]["error"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "invalid uri '': it must begin with 'PYRO:', 'PYRONAME:' or 'PYROMETA:'"),
        ("http:x@y:1", "it must begin with 'PYRO:', 'PYRONAME:' or 'PYROMETA:'"),
        (" PYRO:o@h:1", "it must begin with 'PYRO:', 'PYRONAME:' or 'PYROMETA:'"),
        ("PYRO", "it must begin with 'PYRO:', 'PYRONAME:' or 'PYROMETA:'"),
        ("PYRO:", "the object is missing at 5"),
        ("PYRO:@host:1", "the object is missing at 5"),
        ("PYRONAME: ", "the object is missing at 9"),
        ("PYRO:obj", "'@' and a location are missing at the end"),
        ("PYRO:obj@", "'@' and a location are missing at the end"),
        ("PYRO:obj@\n", "'@' and a location are missing at the end"),
        ("PYRO:ob j@h:1", "' ' at 7 does not belong there"),
        ("PYRO:ob\tj", "'\\t' at 7 does not belong there"),
        ("PYRONAME:a name", "' ' at 10 does not belong there"),
        ("PYROMETA:a, b", "' ' at 11 does not belong there"),
        ("PYRO:o@h\n:1", "'\\n' at 8 does not belong there"),
        ("PYRO:o@h:1\n\n", "'\\n' at 10 does not belong there"),
        (
            "PYROLOC:o@h:1",
            "invalid uri (protocol) 'PYROLOC:o@h:1': PYROLOC is none of PYRO, ",
        ),
        ("PYRO:o@./u:", "invalid uri (location) 'PYRO:o@./u:': the socket name is missing"),
        ("PYRO:o@./u:a:b", "socket name 'a:b' has a colon"),
        ("PYRO:o@[[::1]]:1", "too many brackets, in 'PYRO:o@[[::1]]:1' at 7"),
        ("PYRO:o@[::g]:1", "must be a numeric ipv6 address, in 'PYRO:o@[::g]:1' at 7"),
        (
            "PYRO:o@h",
            "invalid port in uri, port=None: the number is missing, in 'PYRO:o@h'",
        ),
        (
            "PYRO:o@h:1x",
            "invalid port in uri, port=1x: that is no number, in 'PYRO:o@h:1x'",
        ),
    ],
)
def test_the_message_says_what_is_wrong_where(text: str, problem: str) -> None:
    with pytest.raises(InvalidURIError) as caught:
        URI.parse(text)
    assert problem in str(caught.value)


def test_the_length_limit_is_inclusive() -> None:
    text = "PYRO:" + "o" * 4087 + "@h:1"
    assert URI.parse(text).object == "o" * 4087
    with pytest.raises(
        InvalidURIError, match=r"^invalid uri: 4097 characters, limit is 4096$"
    ):
        URI.parse(text + "1")


def test_a_name_server_port_can_be_given_for_uris_without() -> None:
    assert URI.parse("PYRONAME:n@h", name_port=1).port == 1
    assert URI.parse("PYRONAME:n@h:2", name_port=1).port == 2
    with pytest.raises(InvalidURIError):
        URI.parse("PYRO:o@h", name_port=1)


def test_tags_are_sorted_and_counted_once() -> None:
    uri = URI.parse("PYROMETA:b,a,b@h:1")
    assert (uri.object, uri.tags) == ("a,b", frozenset({"a", "b"}))
    assert URI.parse("PYRONAME:a,b").tags == frozenset()


def test_uris_are_equal_and_hash_by_all_their_parts() -> None:
    assert URI.parse("pyrometa:a,b") == URI.parse("PYROMETA:b,a")
    assert hash(URI.parse("pyrometa:a,b")) == hash(URI.parse("PYROMETA:b,a"))
    assert URI.parse("PYRO:o@localhost:1") != URI.parse("PYRO:o@127.0.0.1:1")
    assert URI.parse("PYRO:o@h:1") != URI.parse("PYRO:O@h:1")


pieces = st.sampled_from(
    [*"PYROaob12,@:.[]%/ \n\t", "pyro", "PYRO:", "NAME:", "META:", "./u:"]
)
texts = st.lists(pieces | st.characters(), max_size=20).map("".join)


@given(st.sampled_from(["", "PYRO:", "PYRONAME:", "PYROMETA:"]), texts)
def test_any_text_is_a_uri_or_refused(scheme: str, text: str) -> None:
    try:
        uri = URI.parse(scheme + text)
    except InvalidURIError as error:
        outcome = str(error)[:8]
    else:
        outcome = uri.scheme
    assert outcome in ("PYRO", "PYRONAME", "PYROMETA", "invalid ")


names = st.text(
    st.characters(exclude_characters="@, \t\n\r\f\v\x85\xa0"), min_size=1, max_size=9
)
names = names.filter(lambda name: name == name.strip())
hosts = st.from_regex(r"[a-z0-9.-]{1,9}", fullmatch=True).filter(lambda h: h != "./u")
locations = st.one_of(
    st.just((None, None, None)),
    st.tuples(st.none(), hosts, st.integers(-1, 99999)),
    st.tuples(
        st.none(), st.from_regex("[0-9a-f]{0,4}:[0-9a-f:]{1,9}", fullmatch=True), st.just(1)
    ),
    st.tuples(st.from_regex(r"\0?[a-z/ ]{1,9}", fullmatch=True), st.none(), st.none()),
)


@given(
    st.sampled_from(["PYRO", "PYRONAME", "PYROMETA"]),
    st.lists(names, min_size=1),
    locations,
)
def test_the_text_of_a_uri_is_parsed_into_the_same_uri(
    scheme: str, tags: list[str], location: tuple[Any, Any, Any]
) -> None:
    name = ",".join(sorted(set(tags))) if scheme == "PYROMETA" else tags[0]
    uri = URI(scheme, name, *location)
    if scheme == "PYRO" and location == (None, None, None):
        with pytest.raises(InvalidURIError, match="location are missing"):
            URI.parse(str(uri))
    else:
        assert URI.parse(str(uri)) == uri
