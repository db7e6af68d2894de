from __future__ import annotations

import ast
import random
import tracemalloc
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrophone.errors import SerializeError
from pyrophone.serializers.escapes import unescape, unescape_bytes


@given(text=st.text())
def test_unescaping_undoes_repr(text: str) -> None:
    assert unescape(repr(text)[1:-1]) == text


def test_long_strings_are_unescaped_piece_by_piece() -> None:
    """For other strings a piece, of thousands of escapes, is never so small."""
    parts = [
        "\\n",
        "\\x41",
        "\\U0001f600",
        "\\101",
        "\\7",
        "\\\\",
        "\\'",
        "\\q",
        "é",
        "12345678",
    ]
    parts += ["\\N{GREEK SMALL LETTER ALPHA}", "x" * 50, "\\\n"]
    chance = random.Random(5)
    body = "".join(chance.choice(parts) for _ in range(20_000))
    with warnings.catch_warnings(action="ignore"):  # of "\\q"
        assert unescape(body) == ast.literal_eval(f"'{body}'")
        body = body.replace("é", "").replace("\\N", "N").replace("\\U", "U")
        assert unescape_bytes(body) == ast.literal_eval(f"b'{body}'")


def test_escapes_take_no_more_memory_than_their_text() -> None:
    body = "\\q\\n" * 30_000
    unescape(body)  # the table of patterns is no part of it
    tracemalloc.start()
    try:
        for read in (unescape, unescape_bytes):
            tracemalloc.reset_peak()
            read(body)
            assert tracemalloc.get_traced_memory()[1] < 3 * len(body) + 200_000
    finally:
        tracemalloc.stop()


@given(data=st.binary())
def test_unescaping_bytes_undoes_repr(data: bytes) -> None:
    literal = repr(data)
    assert unescape_bytes(literal[2:-1]) == data


ODDITIES = [
    *("\\n", "\\t", "\\r", "\\'", '\\"', "\\\\", "\\x41", "\\xFf", "\\x5c", "n", "x41"),
    *("\\0", "\\7", "\\377", "\\777", "\\a", "\\\n", "\\q", "\\u0041", "\\N{DIGIT ONE}"),
]


@given(st.lists(st.sampled_from(ODDITIES)).map("".join))
def test_bytes_are_unescaped_as_python_does(body: str) -> None:
    with warnings.catch_warnings():  # about escapes that are none
        warnings.simplefilter("ignore")
        expected = ast.literal_eval(f'b"""{body} """')[:-1]
    assert unescape_bytes(body) == expected


@pytest.mark.parametrize(
    "body", ["\\x1", "\\xg0", "\\x", "\\\\\\x4", "\\x41\\x4g", "\\q\\x"]
)
def test_malformed_escapes_in_bytes_are_refused(body: str) -> None:
    with pytest.raises(SerializeError, match=r"^not a literal: malformed escape \\x$"):
        unescape_bytes(body)


@pytest.mark.parametrize(
    "body", ["\\x1", "\\u123", "\\U00110000", "\\N{no such}", "\\N", "\\xg0"]
)
def test_malformed_escapes_are_refused(body: str) -> None:
    for text in (body, body + "\\n" * 9000 + body):
        with pytest.raises(SerializeError, match="not a literal"):
            unescape(text)
    if "x" in body:
        with pytest.raises(SerializeError, match="malformed escape"):
            unescape_bytes(body)
