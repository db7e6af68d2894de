"""Requests: what is read of them, and what is refused."""

from __future__ import annotations

import io
import uuid
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrophone.http.answers import RequestError
from pyrophone.http.requests import (
    correlation_of,
    has_key,
    one_way_wanted,
    path_of,
    read_body,
    read_query,
)

FORM = "application/x-www-form-urlencoded"
JSON = "application/json; charset=utf-8"


def posted(body: bytes, kind: str | None = FORM, **more: Any) -> dict[str, Any]:
    """Return a request with a body."""
    environ = {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), **more}
    return environ if kind is None else {**environ, "CONTENT_TYPE": kind}


def refused(environ: dict[str, Any], limit: int = 100) -> tuple[str, bytes]:
    """Return status and text with which a body is refused."""
    with pytest.raises(RequestError) as caught:
        read_body(environ, limit)
    return caught.value.answer.status, caught.value.answer.body


def test_the_bytes_of_a_path_are_utf_8_and_other_text_is_left_alone() -> None:
    assert path_of({"PATH_INFO": "/pyro/http.\xc3\xa9/x"}) == "/pyro/http.é/x"
    assert path_of({"PATH_INFO": "/pyro/\u20ac"}) == "/pyro/\u20ac"
    assert path_of({"PATH_INFO": "/\xff"}) == "/\xff"
    assert path_of({}) == ""


def test_a_query_gives_texts_and_lists_of_repeated_ones() -> None:
    query = {"QUERY_STRING": "a=1&b=x+y&b=%C3%A9&empty=&c"}
    assert read_query(query) == {"a": "1", "b": ["x y", "é"]}
    assert read_query({}) == {}


def test_too_many_fields_are_refused() -> None:
    assert (
        len(read_query({"QUERY_STRING": "&".join(f"a{n}=1" for n in range(1000))})) == 1000
    )
    with pytest.raises(RequestError, match="400 Bad Request"):
        read_query({"QUERY_STRING": "&".join(["a=1"] * 1001)})


def test_forms_and_json_objects_are_parameters_other_bodies_are_not() -> None:
    assert read_body(posted(b"a=1&a=2&b=3"), 100) == {"a": ["1", "2"], "b": "3"}
    assert read_body(posted(b'{"a": [1, null], "b": "x"}', JSON), 100) == {
        "a": [1, None],
        "b": "x",
    }
    for kind in (None, "", "text/plain", "multipart/form-data; boundary=x"):
        assert read_body(posted(b"a=1", kind), 100) is None
        assert read_body(posted(b"", kind), 100) == {}


def test_a_request_without_a_body_has_no_parameters_in_it() -> None:
    assert read_body({}, 100) == {}
    assert read_body({"CONTENT_LENGTH": "", "wsgi.input": io.BytesIO(b"a=1")}, 100) == {}
    assert read_body({"CONTENT_LENGTH": "3", "CONTENT_TYPE": FORM}, 100) == {}
    assert read_body({**posted(b""), "CONTENT_LENGTH": "-5"}, 100) == {}


def test_no_more_than_the_body_is_read() -> None:
    environ = {**posted(b"a=1&b=2"), "CONTENT_LENGTH": "3"}
    assert read_body(environ, 3) == {"a": "1"}
    assert environ["wsgi.input"].read() == b"&b=2"


def test_the_limit_of_a_body_is_inclusive_and_nothing_is_read_beyond_it() -> None:
    environ = posted(b"a=" + b"1" * 98)
    assert read_body(environ, 100) == {"a": "1" * 98}
    environ = posted(b"a=" + b"1" * 99)
    assert refused(environ, 100) == (
        "413 Content Too Large",
        b"413 Content Too Large - limit is 100 bytes",
    )
    assert environ["wsgi.input"].tell() == 0


class Slow:
    """A body that does not come."""

    def read(self, size: int) -> bytes:
        """Give up, as a socket does."""
        raise TimeoutError


@pytest.mark.parametrize(
    ("environ", "status", "text"),
    [
        (posted(b'{"a":', JSON), "400 Bad Request", b"body is no JSON"),
        (posted(b"[" * 90, JSON), "400 Bad Request", b"body is no JSON"),
        (posted(b"\xff\xfe", JSON), "400 Bad Request", b"body is no JSON"),
        (posted(b"[1]", JSON), "400 Bad Request", b"body is JSON, but no object"),
        (posted(b"a=1", CONTENT_LENGTH="x"), "400 Bad Request", b"is no number"),
        (posted(b"a=1", CONTENT_LENGTH="9"), "400 Bad Request", b"the body ends early"),
        (
            {"CONTENT_LENGTH": "3", "wsgi.input": Slow()},
            "408 Request Timeout",
            b"408 Request Timeout",
        ),
    ],
)
def test_bodies_that_cannot_be_read_are_refused(
    environ: dict[str, Any], status: str, text: bytes
) -> None:
    found, said = refused(environ)
    assert (found, said.endswith(text) or text in said) == (status, True)


def test_json_that_nests_too_deeply_or_has_huge_numbers_is_refused() -> None:
    for body in (b'{"a":' * 100_000, b'{"a": ' + b"9" * 10_000 + b"}"):
        assert refused(posted(body, JSON), 1 << 20)[0] == "400 Bad Request"


@given(body=st.binary(max_size=60), kind=st.sampled_from([FORM, JSON]))
def test_any_body_gives_parameters_or_is_refused(body: bytes, kind: str) -> None:
    with suppress(RequestError):
        assert isinstance(read_body(posted(body, kind), 100), dict)


def test_a_key_comes_in_the_header_or_as_parameter() -> None:
    assert has_key({"HTTP_X_PYRO_GATEWAY_KEY": "secret"}, None, b"secret")
    assert has_key({}, "secret", b"secret")
    assert not has_key({}, "secreT", b"secret")
    assert not has_key({}, "", b"secret")
    assert not has_key({}, None, b"secret")
    assert not has_key({}, [], b"secret")


def test_the_header_counts_before_the_parameter() -> None:
    assert not has_key({"HTTP_X_PYRO_GATEWAY_KEY": "wrong"}, "secret", b"secret")
    assert has_key({"HTTP_X_PYRO_GATEWAY_KEY": "secret"}, "wrong", b"secret")
    assert has_key({"HTTP_X_PYRO_GATEWAY_KEY": ""}, "secret", b"secret")


def test_a_repeated_key_must_be_right_each_time() -> None:
    assert has_key({}, ["secret", "secret"], b"secret")
    assert not has_key({}, ["wrong", "secret"], b"secret")
    assert not has_key({}, [["secret"]], b"secret")
    assert not has_key({}, {"secret": 1}, b"secret")  # of JSON


def test_a_key_may_have_any_letters() -> None:
    key = "schlüssel €".encode()
    assert has_key({"HTTP_X_PYRO_GATEWAY_KEY": key.decode("latin-1")}, None, key)
    assert has_key({}, "schlüssel €", key)
    assert not has_key({"HTTP_X_PYRO_GATEWAY_KEY": "\ud800"}, None, key)
    assert not has_key({}, "\ud800", key)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ("oneway", True),
        ("a, oneway", True),
        (" OneWay ,b", True),
        ("", False),
        ("oneways", False),
        ("one way", False),
    ],
)
def test_oneway_is_one_of_the_options(options: str, wanted: bool) -> None:
    assert one_way_wanted({"HTTP_X_PYRO_OPTIONS": options}) is wanted
    assert one_way_wanted({}) is False


def test_a_correlation_id_is_that_of_the_header_or_new() -> None:
    given = uuid.uuid4()
    assert correlation_of({"HTTP_X_PYRO_CORRELATION_ID": str(given)}) == given
    assert correlation_of({}) != correlation_of({})
    with pytest.raises(ValueError, match="UUID"):
        correlation_of({"HTTP_X_PYRO_CORRELATION_ID": "x"})
