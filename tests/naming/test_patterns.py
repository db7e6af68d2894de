"""Regular expressions of strangers: the right names, or a refusal, and always soon."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrophone.errors import NamingError
from pyrophone.naming.patterns import MAX_REGEX, select

NAMES = ["lab.room1.thermometer", "lab.room2.thermometer", "shop.till", "Lab", "", "a" * 30]
MANY = [f"lab.room{number}.thermometer" for number in range(5000)]


@pytest.mark.parametrize(
    ("regex", "expected"),
    [
        (".*", NAMES),
        ("", NAMES),
        (r"lab\.", NAMES[:2]),
        (r"lab\.room[2-9]\..+$", NAMES[1:2]),
        ("(shop|Lab)", NAMES[2:4]),
        ("(?i)lab", [*NAMES[:2], "Lab"]),
        ("room", []),  # from the start on only
        (r"(?P<letter>a)(?P=letter){28}", NAMES[5:]),
        (r"[]\w]+[.]\w+$", NAMES[2:3]),
        (r"(?:\w\w\w\.)?room|(?<!x)s(?=h)(?!i)", NAMES[:3]),
        (r"\w{3}\.\w{5}\.\w{,20}", NAMES[:2]),
    ],
)
def test_names_are_matched_from_their_start(regex: str, expected: list[str]) -> None:
    assert select(regex, NAMES) == expected


@pytest.mark.parametrize(
    "regex",
    [".*", r"lab\..*", r"\w+\.\w+\.\w+$", r"(lab|shop)\.room\d+\..*ter$", r".*\.therm"],
)
def test_what_people_search_for_works_for_thousands_of_names(regex: str) -> None:
    assert select(regex, MANY) == MANY


@pytest.mark.parametrize(
    "regex", ["(", "*", "a{2,1}", "[", "a{99999999999}", "(?P<a>)(?P<a>)"]
)
def test_what_is_no_regular_expression_is_named(regex: str) -> None:
    with pytest.raises(NamingError, match=r"^invalid regex: .*" + re.escape(repr(regex))):
        select(regex, [])


@pytest.mark.parametrize(
    "regex",
    [
        "(a+)+b",
        "(a|a)*b",
        "(a|aa)+b",
        "(a?){30}b",
        "(?:(?:a*)*)*b",
        "a?" * 30 + "a" * 30,
        "a*" * 8 + "b",
        "(?:a*|x)" * 6 + "b",
        r"(\w+\.?)*b",
        "(?=(a|a)*b)",
        "(?!(a+)+b)",
        "(?i:(a|A)*b)",
        "(?:(?:){1000}){1000}",
        "(?:){100000000}",
        "(?:a|a){25}",
        "(?:a?|b){1,}+c",
    ],
)
def test_what_could_take_long_is_refused(regex: str) -> None:
    with pytest.raises(
        NamingError, match="could take too long for 6 names; repeat no group"
    ):
        select(regex, NAMES)


@pytest.mark.parametrize("regex", ["(?x)(a|b) *", "(?x:(a|b) *)", "(a|b)(?#c)*"])
def test_comments_are_refused(regex: str) -> None:
    with pytest.raises(NamingError, match="comments can't be used"):
        select(regex, NAMES)


def test_the_length_limit_is_inclusive() -> None:
    assert select("a" * MAX_REGEX, ["a" * MAX_REGEX]) == ["a" * MAX_REGEX]
    with pytest.raises(
        NamingError, match=f"{MAX_REGEX + 1} characters, limit is {MAX_REGEX}"
    ):
        select("a" * (MAX_REGEX + 1), [])


@pytest.mark.slow
@pytest.mark.parametrize(
    "regex", ["(?:a|a){10}a{100}b", "(?:a|a){16}b", "a*a*b", "(?:a?a?){4}b", "(?=a*a*b)"]
)
@pytest.mark.parametrize("length", [20, 255])
def test_what_is_not_refused_takes_a_second_at_worst(regex: str, length: int) -> None:
    count = 1
    start = time.process_time()
    try:
        while time.process_time() - start < 5:  # each round takes twice as long
            before = time.process_time()
            select(regex, ["a" * length] * count)
            assert time.process_time() - before < 2  # of a slow machine
            count *= 2
    except NamingError:
        assert count > 1
        return
    raise AssertionError("it is never refused")


ATOMS = st.sampled_from(
    ["a", "b", ".", "[ab]", r"\w", r"\.", "$", "(?:a|b)", "(a)", "[^a]"]
)
REPEATS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,3}", "{,2}", "*?", "++"])


@given(
    parts=st.lists(st.tuples(ATOMS, REPEATS), max_size=6),
    names=st.lists(st.text("ab.", max_size=8), max_size=5),
)
def test_what_is_selected_is_what_re_selects(
    parts: list[tuple[str, str]], names: list[str]
) -> None:
    regex = "".join(atom + repeat for atom, repeat in parts)
    try:
        found = select(regex, names)
    except NamingError:
        return
    assert found == [name for name in names if re.match(regex, name)]
