"""Names of topics and patterns: which are any, and what matches what."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrophone.errors import EventError
from pyrophone.events.topics import MAX_PARTS, MAX_TOPIC, Pattern, check_topic

# Few letters, so that names and patterns often meet.
parts = st.text("ab", min_size=1, max_size=3)
topics = st.lists(parts, min_size=1, max_size=5).map(".".join)
wild_parts = st.one_of(
    st.just("**"),
    st.text("ab*", min_size=1, max_size=4).filter(lambda part: "**" not in part),
)
patterns = st.builds(
    lambda parts, dot: ".".join(parts) + dot,
    st.lists(wild_parts, min_size=1, max_size=5),
    st.sampled_from(["", "."]),
)


def reference(pattern: str, topic: str) -> bool:
    """Tell whether *pattern* matches, by the definition and without care for the cost."""
    if pattern.endswith("."):
        pattern += "*.**"

    def matches(wanted: list[str], names: list[str]) -> bool:
        if not wanted:
            return not names
        if wanted[0] == "**":
            return any(matches(wanted[1:], names[n:]) for n in range(len(names) + 1))
        if not names:
            return False
        one = re.escape(wanted[0]).replace(r"\*", ".*")
        return bool(re.fullmatch(one, names[0])) and matches(wanted[1:], names[1:])

    return matches(pattern.split("."), topic.split("."))


@given(pattern=patterns, topic=topics)
def test_patterns_match_what_their_definition_says(pattern: str, topic: str) -> None:
    assert Pattern(pattern).matches(topic) is reference(pattern, topic)


@given(topic=topics)
def test_a_topic_is_a_pattern_for_itself_and_what_is_above_it(topic: str) -> None:
    assert check_topic(topic) == topic
    assert Pattern(topic).matches(topic)
    names = topic.split(".")
    for count in range(1, len(names)):
        assert Pattern(".".join(names[:count]) + ".").matches(topic)
    assert not Pattern(topic + ".").matches(topic)


@pytest.mark.parametrize(
    ("pattern", "matched", "others"),
    [
        ("lab.temp", ["lab.temp"], ["lab", "lab.temp.a", "lab.temperature", "alab.temp"]),
        ("lab.", ["lab.a", "lab.a.b"], ["lab", "labor.a"]),
        ("lab.*", ["lab.a"], ["lab", "lab.a.b"]),
        ("lab.*.temp", ["lab.r1.temp"], ["lab.temp", "lab.r1.r2.temp"]),
        ("lab.r*", ["lab.r", "lab.r1"], ["lab.s1", "lab.r.1"]),
        ("lab.*1*2", ["lab.r12", "lab.1x2"], ["lab.21"]),
        ("**", ["a", "a.b.c"], []),
        ("**.temp", ["temp", "lab.temp", "lab.r.temp"], ["lab.temp.a"]),
        ("lab.**.temp", ["lab.temp", "lab.a.b.temp"], ["lab", "xlab.temp"]),
        ("aa*aa", ["aaaa", "aabaa"], ["aa", "aaa"]),
    ],
)
def test_patterns_by_example(pattern: str, matched: list[str], others: list[str]) -> None:
    found = [topic for topic in matched + others if Pattern(pattern).matches(topic)]
    assert found == matched


@pytest.mark.parametrize(
    ("topic", "problem"),
    [
        ("", "a topic has at least one character"),
        (None, "a topic is a text, not NoneType"),
        (b"lab", "a topic is a text, not bytes"),
        (".", "bad topic '.': a part between dots is empty"),
        ("lab.", "bad topic 'lab.': a part between dots is empty"),
        ("lab..a", "bad topic 'lab..a': a part between dots is empty"),
        ("lab.*", "bad topic 'lab.*': '*' is for patterns"),
        ("my lab", "bad topic 'my lab': white space and control characters"),
        ("lab\n", r"bad topic 'lab\n': white space and control characters"),
        ("lab\x00", r"bad topic 'lab\x00': white space and control characters"),
        ("\ud800", r"bad topic '\ud800': white space and control characters"),
        ("x" * (MAX_TOPIC + 1), "201 characters, limit is 200"),
        ("x." * MAX_PARTS + "x", "21 parts, limit is 20"),
    ],
)
def test_a_bad_topic_is_named_with_the_rule_it_breaks(topic: object, problem: str) -> None:
    with pytest.raises(EventError) as caught:
        check_topic(topic)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("", "a pattern has at least one character"),
        (7, "a pattern is a text, not int"),
        (".", "a part between dots is empty"),
        ("*..", "a part between dots is empty"),
        ("a**", "bad pattern 'a**': '**' must be a whole part"),
        ("***", "'**' must be a whole part"),
        ("a b", "white space and control characters"),
        ("*" * (MAX_TOPIC + 1), "201 characters, limit is 200"),
        (".".join(["*"] * (MAX_PARTS + 1)), "21 parts, limit is 20"),
    ],
)
def test_a_bad_pattern_is_named_with_the_rule_it_breaks(pattern: str, problem: str) -> None:
    with pytest.raises(EventError) as caught:
        Pattern(pattern)
    assert problem in str(caught.value)


def test_limits_are_inclusive_and_other_alphabets_are_welcome() -> None:
    for topic in (
        "x" * MAX_TOPIC,
        ".".join("x" * MAX_PARTS),
        "labor.größe.温度",
        "a-b_c/d",
    ):
        assert check_topic(topic) == topic
        assert Pattern(topic).matches(topic)


def test_no_pattern_takes_long() -> None:
    topic = ".".join(["a" * 9] * 20)
    hard = ["**." * 19 + "b", "*.**." * 9 + "b", ".".join(["*a*a*a*b"] * 20)]
    started = time.process_time()
    for pattern in hard:
        assert not Pattern(pattern).matches(topic)
    assert time.process_time() - started < 1.0


def test_a_pattern_shows_itself() -> None:
    assert repr(Pattern("lab.*")) == "Pattern('lab.*')"
