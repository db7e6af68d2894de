"""What is plain is written, what is not is replaced, and what is too much is refused."""

from __future__ import annotations

import base64
import collections
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrophone.errors import SerializeError
from pyrophone.serializers.passages import THRESHOLD
from pyrophone.serializers.scribe import Rules, Writer, flat_call_bytes
from pyrophone.serializers.tokens import HEADER


class Thing:
    """No plain data; what is written is what it holds."""

    def __init__(self, form: Any) -> None:
        self.form = form


def unwrap(value: Any, writer: Writer) -> Any:
    if type(value) is Thing:
        return value.form
    return {
        "__class__": type(value).__name__,
        "holds": [v if v != Thing else 1 for v in value],
    }


def written(
    value: Any,
    depth: int = 9,
    *,
    values: bool = False,
    beside: Any = None,
    limit: int = 999,
) -> str:
    writer = Writer(Rules(unwrap, 9, limit, False, values), beside)
    return writer.write(value, depth).decode("utf-8").removeprefix(HEADER)


EDGES = [2**bits + more for bits in (31, 53, 63, 64) for more in (-1, 0, 1)]
INTEGERS = st.integers() | st.sampled_from([*EDGES, *(-edge for edge in EDGES)])


@given(st.none() | st.booleans() | INTEGERS | st.text() | st.binary())
def test_atoms_are_written_as_their_repr(value: Any) -> None:
    rules = Rules(unwrap, 1, 1, bytes_repr=True)
    assert Writer(rules).write(value, 0) == (HEADER + repr(value)).encode()


@given(
    st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(-(10**9), 10**9, places=6).map(float)
)
def test_floats_are_written_as_their_repr(value: float) -> None:
    assert written(value) == repr(value)


@given(st.binary(max_size=40))
def test_bytes_are_base64_by_default(value: bytes) -> None:
    [data] = {written(value), written([value])[1:-1], written({"k": value})[5:-1]}
    text = base64.b64encode(value).decode()
    assert data == f"{{'data': '{text}', 'encoding': 'base64'}}"


def test_objects_are_replaced_by_what_stands_for_them() -> None:
    assert written(Thing(1)) == "1"
    assert written([Thing((Thing("x"), Thing(Thing(2.5))))]) == "[('x',2.5)]"
    assert written({"k": Thing({"__class__": "c", "l": [Thing(None)]})}) == (
        "{'k':{'__class__':'c','l':[None]}}"
    )


def test_what_replaces_is_given_the_writer() -> None:
    def put(value: Any, writer: Writer) -> str:
        assert writer.beside is not None
        writer.beside.append(value)
        return "there"

    beside: list[Any] = []
    large = bytes(THRESHOLD)
    data = Writer(Rules(put, 9, 9), beside).write([large, b""], 9)
    assert data.count(b"'there'") == 1
    assert beside == [large]
    assert written([large, bytes(THRESHOLD - 1)]).count("base64") == 2


def test_large_bytes_stay_where_there_is_no_other_place() -> None:
    assert written(bytes(THRESHOLD), values=True) == repr(bytes(THRESHOLD))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (frozenset({1}), "{'__class__':'frozenset','holds':[1]}"),
        (set(), "{'__class__':'set','holds':[]}"),
        ([set(), 1], "[{'__class__':'set','holds':[]},1]"),
        ({1}, "{1}"),
        ({None: 1}, "{None:1}"),
        ({(None, 1.5): 1}, "{(None,1.5):1}"),
        ({"k": {1: {Thing: 2}}}, "{'k':{1:{'__class__':'dict','holds':[1]}}}"),
        ({"a": 1, (1, (2j, float("inf"))): 2}, "{'a':1,(1,((0.0+2.0j),1e30000)):2}"),
        ({"__class__": 1}, "{'__class__':'dict','holds':['__class__']}"),
        (
            Thing({"__class__": "x", "d": {"__class__": 1}}),
            "{'__class__':'x','d':{'__class__':'dict','holds':['__class__']}}",
        ),
        ([b"a'", {b"k": b'"'}], """[b"a'",{b'k':b'"'}]"""),
        (complex(1, float("inf")), "(1.0+1e30000j)"),
    ],
)  # fmt: skip
def test_values_stay_what_they_are_where_that_is_asked_for(value: Any, text: str) -> None:
    assert written(value, values=True) == text


def test_containers_with_odd_keys_are_replaced_whole() -> None:
    nan = float("nan")
    seen: list[Any] = []

    def note(value: Any, _: Writer) -> str:
        seen.append(value)
        return "it"

    rules = Rules(note, 9, 99, False, True)
    for odd in (nan, complex(nan, 1), (1, (nan,)), Thing(1)):
        seen.clear()
        value = [{1: 2, odd: 3, 4: [5]}, {odd}]
        assert Writer(rules).write(value, 9) == (HEADER + "['it','it']").encode()
        assert seen == value


@pytest.mark.parametrize("odd", [frozenset(), (None, frozenset()), float("nan")])
def test_an_odd_key_is_found_before_anything_is_written(odd: Any) -> None:
    """Else each level would be written twice, and they would be 2**60."""
    seen: list[Any] = []

    def take_apart(value: Any, _: Writer) -> Any:
        seen.append(value)
        return [*value.values()] if type(value) is dict else "odd"

    value: Any = 0
    for _ in range(60):
        value = {"a": value, odd: 1}
    Writer(Rules(take_apart, 99, 9999, False, True)).write(value, 99)
    assert len(seen) == 60


def test_a_complex_number_that_is_not_a_number_is_replaced() -> None:
    rules = Rules(lambda value, _: "it", 9, 99, False, True)
    assert Writer(rules).write([complex("nan"), 1j], 9).endswith(b"['it',(0.0+1.0j)]")


@pytest.mark.parametrize(
    ("value", "levels"),
    [
        ([], 1),
        ([[[]]], 3),
        ({"k": ({1},)}, 3),
        ({((),): 1}, 3),
        (Thing([Thing({})]), 2),
        (Thing(Thing({"__class__": 1})), 1),
        ({(1, (2,)): 1}, 3),
    ],
)
def test_the_depth_limit_is_inclusive(value: Any, levels: int) -> None:
    for values in (False, True):
        written(value, levels, values=values)
        with pytest.raises(SerializeError, match=r"^nested deeper than 9 levels$"):
            written(value, levels - 1, values=values)


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ([1, 2], 3),
        ({"a": (1,), "b": {2, 3}}, 8),
        ({(1, 2): 3}, 5),
        (Thing([Thing(1)]), 2),
        (Thing({"__class__": 1}), 3),
    ],
)
def test_the_limit_of_values_is_inclusive(value: Any, count: int) -> None:
    written(value, limit=count)
    with pytest.raises(SerializeError, match=f"^more than {count - 1} values$"):
        written(value, limit=count - 1)


def test_what_would_grow_without_end_is_refused() -> None:
    value: list[Any] = []
    for _ in range(60):
        value = [value, value]
    with pytest.raises(SerializeError, match=r"^more than 1000 values$"):
        Writer(Rules(unwrap, 99, 1000)).write(value, 99)


def test_an_object_that_stands_for_itself_is_no_end() -> None:
    thing = Thing(None)
    thing.form = thing
    with pytest.raises(RecursionError):
        written(thing)
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(RecursionError):
        Writer(Rules(unwrap, 10**30, 10**30)).write(deep, 10**9)
    while deep:  # not all at once: that would be a recursion, too
        deep = deep.pop()


def test_containers_may_change_while_they_are_written() -> None:
    items: list[Any] = [Thing(1)] * 50
    mapping: dict[Any, Any] = {index: Thing(1) for index in range(50)}
    elements: set[Any] = set(range(50))

    def clear(value: Any, _: Writer) -> Any:
        for container in (items, mapping):
            container.clear()
        return collections.UserString("gone").data

    rules = Rules(clear, 9, 999)
    assert Writer(rules).write(items, 9) == (HEADER + "['gone']").encode()
    mapping.update({index: Thing(1) for index in range(50)})
    with pytest.raises(RuntimeError, match="dictionary changed size during iteration"):
        Writer(rules).write([mapping, elements], 9)


@pytest.mark.parametrize("args", [(), (1,), (None, True), (-5, "it's", 10**30)])
def test_flat_calls_are_written_as_all_are(args: Any) -> None:
    rules = Rules(unwrap, 9, 99)
    expected = Writer(rules).write_call("o'", "m", args, {}, 9)
    assert flat_call_bytes("o'", "m", args, {}) == expected


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [([1], {}), ((1.5,), {}), ((), None), ((), {"k": 1}), (((),), {}), ((10**5000,), {})],
)
def test_other_calls_are_left_to_writers(args: Any, kwargs: Any) -> None:
    assert flat_call_bytes("o", "m", args, kwargs) is None


def test_texts_of_calls() -> None:
    rules = Rules(unwrap, 9, 99)

    class Name(str):
        def __repr__(self) -> str:
            return "evil()"

    call = Writer(rules).write_call(Name("o'"), "m\n", [Thing(1)], {"k": ()}, 9)
    assert call == (HEADER + """("o'",'m\\n',[1],{'k':()})""").encode()
    for kwargs, text in (({}, "{}"), (None, "None")):
        call = Writer(rules).write_call("o", Name("m"), (), kwargs, 9)
        assert call == (HEADER + f"('o','m',(),{text})").encode()
