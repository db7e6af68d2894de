from __future__ import annotations

import ast
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrophone.testing.strategies import (
    garbage,
    json_like,
    literal_texts,
    mutations,
    plain_values,
    rich_values,
    same,
)


@given(value=json_like() | plain_values("serpent") | rich_values())
def test_values_are_the_same_as_themselves(value: object) -> None:
    assert same(value, value)


@given(data=garbage() | mutations(b"some data"))
def test_garbage_and_mutations_are_bytes(data: bytes) -> None:
    assert type(data) is bytes


@pytest.mark.slow
@given(text=literal_texts())
def test_literal_texts_are_literals(text: str) -> None:
    ast.literal_eval(text)


@pytest.mark.slow
@given(name=st.sampled_from(["serpent", "json", "marshal", "msgpack"]), data=st.data())
def test_plain_values_have_no_class_forms(name: str, data: st.DataObject) -> None:
    assert "'__class__':" not in repr(data.draw(plain_values(name)))


def test_sameness_is_strict_about_types_and_kind_to_nan() -> None:
    assert same([math.nan, {"k": (1,)}], [math.nan, {"k": (1,)}])
    assert not same(1, True)
    assert not same([1], (1,))
    assert not same([1], [1, 2])
    assert not same({"a": 1}, {"b": 1})
    assert not same(math.nan, 1.0)
