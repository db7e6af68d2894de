from __future__ import annotations

import collections
import decimal
import fractions
import math
import pathlib
import sys
import uuid
from typing import Any

import pytest
from hypothesis import given

from pyrophone.errors import SerializeError
from pyrophone.testing.strategies import rich_values, same
from valued import NAMES, revived, trip

by_name = pytest.mark.parametrize("name", NAMES)


@by_name
@pytest.mark.slow
@given(value=rich_values())
def test_values_arrive_as_what_they_were(name: str, value: Any) -> None:
    assert same(trip(value, name), value)


@by_name
@pytest.mark.parametrize(
    "value",
    [
        *(b"", b"\0\xff", bytearray(b"abc"), frozenset(), set(), {1, "a", (1, None)}, ()),
        *({1: 2, None: 3, (1, 2): 4, b"k": 5, 2.5: 6, "": 7}, {"__class__": "no.Form"}),
        *({(1, frozenset({2})): {decimal.Decimal(1)}}, {frozenset(): range(3)}),
        *(decimal.Decimal("1.10"), decimal.Decimal("-Infinity"), fractions.Fraction(1, 3)),
        *(range(1, 10, 3), range(10**30), slice(1, None), slice(None, "a", 2), 1 - 2j),
        *(uuid.UUID(int=7), collections.OrderedDict(b=1, a=2), collections.Counter("abca")),
        *(collections.deque([1, (2,)], maxlen=3), collections.deque()),
        *(collections.defaultdict(list, a=[1]), collections.defaultdict(None, a=1)),
        *(pathlib.Path("a", "b"), pathlib.PurePosixPath("/a"), 10**60, -(2**63)),
        *(pathlib.PureWindowsPath(r"c:\x"), {"a": [{"__class__": ("b",)}], "n": b"1"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_kind_arrives_as_what_it_was(name: str, value: Any) -> None:
    assert same(trip([value, {"k": value}], name), [value, {"k": value}])


@by_name
def test_details_that_equality_does_not_see_arrive_too(name: str) -> None:
    assert repr(trip(decimal.Decimal("1.10"), name)) == "Decimal('1.10')"
    assert trip(collections.deque([1], maxlen=3), name).maxlen == 3
    assert list(trip(collections.OrderedDict(b=1, a=2), name)) == ["b", "a"]
    assert trip(collections.defaultdict(set), name)["x"] == set()
    assert trip(collections.defaultdict(lambda: 3, a=1), name).default_factory is None
    assert [type(key) for key in trip({True: 1, 2: 1, 2.5: 1}, name)] == [bool, int, float]


@by_name
def test_complex_numbers_that_are_none_arrive(name: str) -> None:
    value = trip(complex(math.nan, -math.inf), name)
    assert math.isnan(value.real)
    assert value.imag == -math.inf


def test_a_path_of_another_system_arrives_as_a_pure_one() -> None:
    form = {"__class__": "pyrophone.Path", "path": "a", "concrete": True}
    posix, windows = pathlib.PurePosixPath, pathlib.PureWindowsPath
    other, kind = ("posix", posix) if sys.platform == "win32" else ("windows", windows)
    assert type(revived({**form, "flavour": other})) is kind


@by_name
def test_subclasses_that_nobody_knows_arrive_as_their_base(name: str) -> None:
    class Mine(dict[str, int]):
        pass

    class Number(int):
        pass

    class Queue(collections.deque[int]):
        pass

    arrived = trip([Mine(a=1), Number(3), Queue([1])], name)
    assert same(arrived, [{"a": 1}, 3, collections.deque([1])])


@pytest.mark.parametrize(
    "form",
    [
        {"__class__": "pyrophone.Set", "items": [[]]},
        {"__class__": "pyrophone.Set", "items": "ab"},
        {"__class__": "pyrophone.Tuple"},
        {"__class__": "pyrophone.Dict", "items": [[1]]},
        {"__class__": "pyrophone.Dict", "items": [[[], 1]]},
        {"__class__": "pyrophone.Dict", "items": {"a": 1}},
        {"__class__": "pyrophone.Deque", "items": [], "maxlen": -1},
        {"__class__": "pyrophone.Deque", "items": [], "maxlen": 10**30},
        {"__class__": "pyrophone.Defaultdict", "items": [], "factory": "eval"},
        {"__class__": "pyrophone.Defaultdict", "items": [], "factory": ["list"]},
        {"__class__": "pyrophone.Complex", "real": "1", "imag": 0},
        {"__class__": "pyrophone.Fraction", "numerator": 1, "denominator": 0},
        {"__class__": "pyrophone.Fraction", "numerator": 1.5, "denominator": 1},
        {"__class__": "pyrophone.Range", "start": 0, "stop": 1, "step": 0},
        {"__class__": "pyrophone.Range", "start": True, "stop": 1, "step": 1},
        {"__class__": "pyrophone.Decimal", "text": "one"},
        {"__class__": "pyrophone.Decimal", "text": 1},
        {"__class__": "pyrophone.UUID", "text": "x"},
        {"__class__": "pyrophone.Bytes", "base64": "?"},
        {"__class__": "pyrophone.Bytes", "base64": "é"},
        {"__class__": "pyrophone.Bytearray", "data": 10**9},
        {"__class__": "pyrophone.Path", "path": "a", "flavour": "mac", "concrete": True},
        {"__class__": "pyrophone.Path", "path": 1, "flavour": "posix", "concrete": True},
        {"__class__": "pyrophone.Path", "path": "a", "flavour": "posix", "concrete": 1},
    ],
    ids=repr,
)
def test_forms_that_fit_nothing_are_refused(form: dict[str, Any]) -> None:
    with pytest.raises(SerializeError, match=r"malformed|in place of bytes"):
        revived(form)
