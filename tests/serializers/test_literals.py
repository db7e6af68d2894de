from __future__ import annotations

import ast
import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyrophone.errors import SerializeError
from pyrophone.serializers.literals import LiteralReader
from pyrophone.testing.strategies import literal_texts, same


def read(text: str, max_depth: int = 50) -> Any:
    return LiteralReader(text, max_depth, 1000, lambda mapping: mapping).read()


@settings(max_examples=20)
@given(text=literal_texts())
def test_every_literal_reads_as_python_reads_it(text: str) -> None:
    assert same(read(text), ast.literal_eval(text))


@given(
    text=st.lists(
        st.sampled_from(
            [*"()[]{},:+-'\"\\ \n.01ej_xbur", "None", "set", "1", "2j", "'a'", "...", "a"]
        ),
        max_size=8,
    ).map("".join)
)
def test_what_python_refuses_is_refused(text: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError):
        with pytest.raises((SerializeError, TypeError)):
            read(text.strip())
    else:
        assert same(read(text.strip()), expected)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("\n\n 5 # five\n", 5),
        ("'a' \\\n 'b'", "ab"),
        ("('a'\n'b')", "ab"),
        ("b'a' b'\\x41\\101\\n\\q'", b"aAA\n\\q"),
        ("rb'\\x' bR'\\''", b"\\x\\'"),
        ("b'\\777'", b"\xff"),
        ("u'\\N{EURO SIGN}' R'\\N'", "€\\N"),
        ("'''a\r\nb'c''d'''", "a\nb'c''d"),
        ('"""a""b"""', 'a""b'),
        ("'\\ud800'", "\ud800"),
        ("'a\\\nb'", "ab"),
        ("'\\d\\8'", "\\d\\8"),
        ("0x_fF", 255),
        ("0b1_0 ", 2),
        ("0o17", 15),
        ("00_0", 0),
        ("007.5", 7.5),
        ("009j", 9j),
        ("1_0.0_1e1_0", 1_0.0_1e1_0),
        (".5e-3j", 0.0005j),
        ("(((1)))+(2j)", 1 + 2j),
        ("- 1 - 2j", -1 - 2j),
        ("-(1)", -1),
        ("+1.5", 1.5),
        ("set ( )", set()),
        ("[set(), ..., {}]", [set(), ..., {}]),
        ("{1,2,}", {1, 2}),
        ("{1:2,}", {1: 2}),
        ("{(1,): [2]}", {(1,): [2]}),
        ("1e30000", float("inf")),
        ("0.5-1e30000j", complex(0.5, float("-inf"))),
        ("1,", (1,)),
        ("1, 2 # two", (1, 2)),
        ("[1], # one\n", ([1],)),
    ],
)
def test_these_are_literals(text: str, value: Any) -> None:
    assert same(read(text), value)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "#",
            "(",
            "[1",
            "{1:",
            "{1:2",
            "'",
            "'''a''",
            "b'",
            "set",
            "set(",
            "set(1)",
            "set[]",
        ),
        *(
            "1 2",
            "1\n2",
            "'a'\n'b'",
            "1\n+2j",
            "[,]",
            "(,)",
            "[1,,]",
            "{,}",
            "{1:2,3}",
            "{1,2:3}",
        ),
        *(
            "{:1}",
            "{1:}",
            "[1 2]",
            "[1:2]",
            "(1]",
            "f''",
            "ub''",
            "b'a' 'b'",
            "b'é'",
            "'\\x4'",
        ),
        *("'\\u20a'", "'\\U00110000'", "'\\N{NO SUCH NAME}'", "'\\N'", "b'\\x4'", "'a\nb'"),
        *("'\\N{LATIN CAPITAL LETTER A WITH MACRON AND GRAVE}'", "'\\N{}'"),
        *(
            "012",
            "1_",
            "1__0",
            "0x",
            "0b2",
            "1.2.3",
            "1e",
            "1a",
            "0_x1",
            "1jj",
            "0xg",
            "1é",
        ),
        *(
            "--1",
            "-(-1)",
            "+'a'",
            "-True",
            "1+2",
            "1+2j+3j",
            "1j+2j",
            "1+-2j",
            "(1+2j)+3j",
            "-[]",
        ),
        *(
            "name",
            "None1",
            "print()",
            "[x for x in y]",
            "[*a]",
            "{**a}",
            "lambda:0",
            "a.b",
            "....",
        ),
        *(
            "'a'.b",
            "1 if 1 else 2",
            "\\",
            "$",
            "\0",
            "\ufeff1",
            "1;2",
            "True()",
            "\u00a01",
            "\u0661",
        ),
    ],
)
def test_these_are_no_literals(text: str) -> None:
    with pytest.raises(SerializeError, match="not a literal"):
        read(text)


def test_the_place_of_the_error_is_told() -> None:
    with pytest.raises(SerializeError, match=r"no comma: '2\]' at 3$"):
        read("[1 2]")
    with pytest.raises(SerializeError, match=r"it ends early, at 2$"):
        read("[1")


def test_the_depth_limit_is_inclusive_and_counts_all_brackets() -> None:
    assert read("[({1:[]})]", 4) == [{1: []}]
    with pytest.raises(SerializeError, match="nested deeper than 3 levels"):
        read("[({1:[]})]", 3)


@pytest.mark.parametrize(
    ("text", "count"),
    [("1", 1), ("[]", 1), ("{1: 2, 3: [4]}", 6), ("'a' 'b' 'c'", 3), ("1, 2,", 2)],
)
def test_the_limit_of_values_is_inclusive(text: str, count: int) -> None:
    LiteralReader(text, 5, count, lambda mapping: mapping).read()
    with pytest.raises(SerializeError, match=f"^more than {count - 1} values$"):
        LiteralReader(text, 5, count - 1, lambda mapping: mapping).read()


def test_mappings_are_finished_from_the_inside() -> None:
    reader = LiteralReader("[{'a':{}}, {1}]", 5, 9, lambda mapping: ("made", mapping))
    assert reader.read() == [("made", {"a": ("made", {})}), {1}]


def test_unhashable_keys_are_type_errors() -> None:
    for text in ("{[]: 1}", "{[]}", "{{}: 1}"):
        with pytest.raises(TypeError, match="unhashable"):
            read(text)
