"""The fast ways through serpent texts give what the whole grammar gives, or nothing."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrophone.errors import SerializeError
from pyrophone.serializers.tokens import (
    FLAT_ATOMS,
    FLAT_SIZE,
    FLAT_VALUE,
    HEADER,
    Reader,
    flat_call,
)

ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=10),
)


def exactly(value: Any) -> Any:
    return type(value), repr(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e+16", 1e16),
        ("-0.0", -0.0),
        ("None", None),
        ("True", True),
        ("False", False),
        ("''", ""),
        ("'é € x'", "é € x"),
        ("'None'", "None"),
    ],
)
def test_an_atom_is_read_at_one_glance(text: str, value: Any) -> None:
    match = FLAT_VALUE.fullmatch(HEADER + text)
    assert match is not None
    assert exactly(FLAT_ATOMS[match[1]]) == exactly(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"3",
        HEADER.encode(),
        (HEADER + "(1)").encode(),
        (HEADER + "007").encode(),
        (HEADER + "1_0").encode(),
        (HEADER + "'a\\n'").encode(),
        (HEADER + "'a").encode(),
        (HEADER + "'a'b'").encode(),
        (HEADER + "1 ").encode(),
        (HEADER + "nan").encode(),
        (HEADER + "'\0'").encode(),
        (HEADER + "'" + "x" * 400 + "'").encode(),
    ],
)
def test_all_else_is_left_to_others(data: bytes) -> None:
    assert (
        FLAT_VALUE.fullmatch(data.decode("utf-8", "replace")) is None
        or len(data) > FLAT_SIZE
    )
    assert flat_call(data) is None


@given(args=st.lists(ATOMS, max_size=5))
def test_a_flat_call_is_read_as_the_whole_grammar_reads_it(args: list[Any]) -> None:
    arguments = "".join(f"{arg!r}," for arg in args)
    text = f"('obj_1','add',({arguments}),{{}})"
    expected = ast.literal_eval(text)
    read = flat_call((HEADER + text).encode())
    assert read is None or exactly(read) == exactly(expected)
    if not any(isinstance(arg, str) for arg in args):
        assert read is not None
    assert exactly(Reader(HEADER + text, 10).read()) == exactly(expected)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("()", ()),
        ("(1,)", (1,)),
        ("(1,2)", (1, 2)),
        ("('a,b',None,2.5)", ("a,b", None, 2.5)),
        ("('it',)", ("it",)),
        ("(-1,20,)", (-1, 20)),
        ("(1,True)", (1, True)),
    ],
)
def test_calls_of_atoms(arguments: str, expected: tuple[Any, ...]) -> None:
    text = f"{HEADER}('obj_1','add',{arguments},{{}})"
    assert flat_call(text.encode()) == ("obj_1", "add", expected, {})


@pytest.mark.parametrize(
    "text",
    [
        "('o','m',(1),{})",  # no tuple
        "('o','m',(,),{})",
        "('o','m',(1,,2),{})",
        "('o','m',(1 ,2),{})",
        "('o','m',([],),{})",
        "('o','m',(),{'k':1})",
        "('o','m',(),None)",
        "('o','m',())",
        "('o','m\\'',(),{})",
        "(1,'m',(),{})",
    ],
)
def test_calls_that_are_not_flat_are_left_to_others(text: str) -> None:
    assert flat_call((HEADER + text).encode()) is None


def test_nesting_is_limited_and_forms_are_noticed() -> None:
    reader = Reader("[[{'__class__':'x'}]]", 3)
    assert reader.read() == [[{"__class__": "x"}]]
    assert reader.has_forms
    with pytest.raises(SerializeError, match="nested deeper than 2 levels"):
        Reader("[[{}]]", 2).read()


def test_bytes_that_are_no_text_are_left_to_others() -> None:
    assert flat_call((HEADER + "('o','m',('").encode() + b"\xff',),{})") is None
