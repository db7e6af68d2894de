"""Meta information: plain data comes back as it was, all else is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Pyro.errors import NamingError
from Pyro.metadata import MAX_META, opened, sealed

ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
)
HASHABLE = ATOMS | st.tuples(ATOMS, ATOMS)
VALUES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(HASHABLE, inner)
        | st.sets(HASHABLE)
    ),
    max_leaves=10,
)


def identical(one: Any, two: Any) -> bool:
    return type(one) is type(two) and repr(one) == repr(two)


@pytest.mark.slow
@given(VALUES)
def test_plain_data_comes_back(value: Any) -> None:
    assert opened(sealed(value, ":x")) == value


def test_types_are_kept() -> None:
    values: tuple[Any, ...] = (
        (1, 2),
        [1],
        {"a": (b"x", 1.5)},
        {1},
        frozenset(),
        1j,
        {None: ()},
        None,
        True,
        "\u00e9",
    )
    for value in values:
        assert identical(opened(sealed(value, ":x")), value)


def deep() -> list:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    return value


def circle() -> list:
    value: list = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (object(), "meta information must be plain data"),
        (ValueError("x"), "meta information must be plain data"),
        ([{1: object()}], "meta information must be plain data"),
        (10**5000, "meta information must be plain data"),
        (deep(), "meta information must be plain data"),
        (circle(), "meta information must be plain data"),
        ("x" * MAX_META, "meta information is too large"),
        # What is too large is not looked at to its end.
        ([0] * MAX_META + [object()], "meta information is too large"),
    ],
    ids=["object", "error", "inside", "long", "deep", "circle", "large", "many"],
)
def test_all_else_is_refused(value: Any, text: str) -> None:
    with pytest.raises(NamingError) as caught:
        sealed(value, ":x")
    assert caught.value.args == (text, ":x")


@pytest.mark.parametrize("data", [b"", b"[]", b'["q"]', b'["b"]', b"[" * 100_000])
def test_damaged_data_is_said(data: bytes) -> None:
    with pytest.raises(NamingError, match="damaged meta information"):
        opened(data)
