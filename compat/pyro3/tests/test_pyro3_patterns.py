"""Regular expressions of strangers: what re says, without its worst cases."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Pyro.EventService.patterns import LONGEST_PATTERN, MOST_STEPS, Pattern

PIECES = [
    *"abAB1.*+?|()[]{}^$-, \n",
    *("(?:", "(?P<n>", "(?i)", "(?#x)", "{2}", "{1,2}", "{,2}", "{1,}", "{,}"),
    *("[ab]", "[^a]", "[]a]", r"\w", r"\W", r"\b", r"\B", r"\d", r"\A", r"\Z", r"\n"),
    *(r"\x61", r"\u0061", r"\.", r"\(", "(a|b)", "(a*)*", "(|a)+"),
]


@given(
    pieces=st.lists(st.sampled_from(PIECES), max_size=8),
    subject=st.text("abAB1 \n.", max_size=6),
)
def test_it_matches_what_re_matches(pieces: list[str], subject: str) -> None:
    text = "".join(pieces)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sets that may get another meaning one day
        try:
            theirs = re.compile(text, re.IGNORECASE)
            ours = Pattern(text)
        except re.error:
            return
    assert ours.matches(subject) == bool(theirs.match(subject))


@pytest.mark.parametrize(
    ("text", "subject", "matches"),
    [
        (r"^weather\.s", "WEATHER.Seville", True),
        (r"^weather\.s", "WEATHERxs", False),
        ("eather", "weather", False),
        ("", "anything", True),
        ("a$", "ab", False),
        ("straße|maße", "MAßE", True),
        (r"[^.]+\.(rain|snow){1,2}$", "x.rainSnow", True),
        (r"[^.]+\.(rain|snow){1,2}$", "x.rainSnowrain", False),
    ],
)
def test_some_patterns(text: str, subject: str, matches: bool) -> None:
    assert Pattern(text).matches(subject) is matches


@pytest.mark.parametrize(
    "text",
    [
        "(a*)*b",
        "(a|a)*b",
        "(.*.*)*b",
        "(a?){60}a{60}b",
        "((a{2})*a?)*b",
        "(.+)+(.+)+(.+)+b",
    ],
)
def test_patterns_that_take_for_ever_do_not(text: str) -> None:
    assert not Pattern(text).matches("a" * 400)  # with re, none of these comes to an end


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("(", "unterminated"),
        ("*", "nothing to repeat"),
        ("a{99999999999}", "too large"),
        (r"(a)\1", "reference to a group is not allowed here"),
        ("(?=a)", "extension '[(][?]=a' is not allowed here"),
        ("(?<!a)b", "extension '[(][?]<!' is not allowed here"),
        ("(?x)a", "extension '[(][?]x[)]' is not allowed here"),
        ("a*+", "possessive repetition is not allowed here"),
        ("a" * (LONGEST_PATTERN + 1), f"more than {LONGEST_PATTERN} characters"),
        (f"a{{{MOST_STEPS}}}", f"more than {MOST_STEPS} steps"),
        ("((a{99}){99}){99}", f"more than {MOST_STEPS} steps"),
        ("(?:){999999999}", f"more than {MOST_STEPS} steps"),
    ],
)
def test_what_is_refused(text: str, problem: str) -> None:
    with pytest.raises(re.error, match=problem):
        Pattern(text)


def test_as_long_as_is_allowed() -> None:
    assert Pattern("a" * LONGEST_PATTERN).matches("A" * LONGEST_PATTERN)


def test_a_pattern_is_a_text() -> None:
    with pytest.raises(TypeError, match="a pattern is a text, not bytes"):
        Pattern(b"a")  # type: ignore[arg-type]
