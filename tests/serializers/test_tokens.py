"""The fast ways through serpent texts give what the whole grammar gives, or nothing."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrophone.errors import SerializeError
from pyrophone.serializers.tokens import (
    HEADER,
    NO_VALUE,
    Reader,
    flat_call,
    flat_value,
)

ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=10),
)


def read(text: str) -> Any:
    return Reader((HEADER + text).encode(), 10, 1000).read()


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
    data = (HEADER + text).encode()
    assert exactly(flat_value(data)) == exactly(value)
    assert exactly(read(text)) == exactly(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"3",
        HEADER.encode(),
        (HEADER + "(1)").encode(),
        (HEADER + "007").encode(),
        (HEADER + "1_0").encode(),
        (HEADER + "'a\\q").encode(),
        (HEADER + "'a").encode(),
        (HEADER + "'a'b'").encode(),
        (HEADER + "1 ").encode(),
        (HEADER + "nan").encode(),
        (HEADER + "'\0'").encode(),
        (HEADER + "'" + "x" * 400 + "'").encode(),
    ],
)
def test_all_else_is_left_to_others(data: bytes) -> None:
    assert flat_value(data) is NO_VALUE or data == b"3"
    assert flat_call(data) is None


@given(args=st.lists(ATOMS, max_size=5))
def test_a_flat_call_is_read_as_the_whole_grammar_reads_it(args: list[Any]) -> None:
    arguments = "".join(f"{arg!r}," for arg in args)
    text = f"('obj_1','add',({arguments}),{{}})"
    expected = ast.literal_eval(text)
    call = flat_call((HEADER + text).encode())
    assert call is None or exactly(call) == exactly(expected)
    if not any(isinstance(arg, str) for arg in args):
        assert call is not None
    assert exactly(read(text)) == exactly(expected)


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
        "('o','m\\',(),{})",
        "(1,'m',(),{})",
    ],
)
def test_calls_that_are_not_flat_are_left_to_others(text: str) -> None:
    assert flat_call((HEADER + text).encode()) is None


def test_bytes_are_read_as_python_reads_them() -> None:
    text = r"""[b'',b"it's",b'\'\x00\xff\n\\',{b'k':b'v'}]"""
    assert read(text) == ast.literal_eval(text)
    for wrong in ("b'é'", r"b'\x1'", "b'a"):
        with pytest.raises(SerializeError, match="not a literal"):
            read(wrong)


def test_forms_are_finished_from_the_inside() -> None:
    data = b"[{'__class__':'a','of':{'__class__':'b'}},{'__class__':'float','value':'2'}]"
    for spelling in (data, data.replace(b",", b"\n,")):
        reader = Reader(spelling, 9, 99, lambda form: (form["__class__"], form.get("of")))
        assert reader.read() == [("a", ("b", None)), 2.0]
        assert not reader.has_forms


def test_a_form_that_is_left_as_it_is_is_noticed() -> None:
    reader = Reader(b"[{'__class__':'a'}]", 9, 99, lambda form: form)
    assert reader.read() == [{"__class__": "a"}]
    assert reader.has_forms


def test_nesting_is_limited_and_forms_are_noticed() -> None:
    reader = Reader(b"[[{'__class__':'x'}]]", 3, 100)
    assert reader.read() == [[{"__class__": "x"}]]
    assert reader.has_forms
    with pytest.raises(SerializeError, match="nested deeper than 2 levels"):
        Reader(b"[[{}]]", 2, 100).read()


def test_bytes_that_are_no_text_are_left_to_others() -> None:
    assert flat_call((HEADER + "('o','m',('").encode() + b"\xff',),{})") is None
