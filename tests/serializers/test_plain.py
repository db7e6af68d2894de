from __future__ import annotations

import array
import collections
import datetime
import enum
import numbers
import uuid
import warnings
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import pytest

from pyrophone.errors import SerializeError
from pyrophone.serializers import ClassTable
from pyrophone.serializers.classes import NO_FORM
from pyrophone.serializers.plain import Preparation, attempt, holds_more, plain_form


def text_array(text: str) -> array.array[str]:
    with warnings.catch_warnings():  # the type code goes with Python 3.16
        warnings.simplefilter("ignore", DeprecationWarning)
        return array.array("u", text)


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Text(str):
    pass


class Number(float):
    def __repr__(self) -> str:
        return "Number(...)"


class Pair(NamedTuple):
    a: int
    b: int


@numbers.Integral.register
class Foreign:
    """Like an integer of numpy."""

    def __int__(self) -> int:
        return 5


@numbers.Real.register
class ForeignReal:
    def __float__(self) -> float:
        return 2.5


PLAIN: list[tuple[Any, Any]] = [
    (Colour.RED, "red"),
    (Level.HIGH, 3),
    (Text("t"), "t"),
    (Number(1.5), 1.5),
    (Pair(1, 2), (1, 2)),
    (bytearray(b"b"), b"b"),
    (memoryview(b"b"), b"b"),
    (collections.deque([1]), [1]),
    (collections.UserList([1]), [1]),
    (collections.UserDict({"a": 1}), {"a": 1}),
    (collections.UserString("s"), "s"),
    (collections.OrderedDict(a=1), {"a": 1}),
    (collections.Counter("aa"), {"a": 2}),
    ({"a": 1}.keys(), ["a"]),
    ({"a": 1}.values(), [1]),
    ({"a": 1}.items(), [("a", 1)]),
    (datetime.datetime(2020, 1, 2, 3, 4, 5, 678), "2020-01-02T03:04:05.000678"),
    (datetime.date(2020, 1, 2), "2020-01-02"),
    (datetime.time(3, 4, 5), "03:04:05"),
    (datetime.timedelta(seconds=1.5), 1.5),
    (Decimal("1.10"), "1.10"),
    (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
    (array.array("h", [1, -2]), [1, -2]),
    (text_array("ab"), "ab"),
    (Foreign(), 5),
    (ForeignReal(), 2.5),
]


@pytest.mark.parametrize(
    ("value", "plain"), PLAIN, ids=[type(v).__name__ for v, _ in PLAIN]
)
def test_stand_ins_are_of_exact_plain_types(value: Any, plain: Any) -> None:
    assert plain_form(value) == plain
    assert type(plain_form(value)) is type(plain)


@pytest.mark.parametrize(
    "value", [None, True, 1, 1.5, "s", b"b", (), [], {}, Fraction(1, 3)]
)
def test_plain_values_and_strangers_have_no_stand_in(value: Any) -> None:
    assert plain_form(value) is NO_FORM


def test_preparation_makes_values_of_atoms_lists_and_mappings() -> None:
    atoms: frozenset[type] = frozenset({int, str, float})
    preparation = Preparation(ClassTable(), atoms, 5)
    value = {Level.HIGH: {1}, "t": (Number(0.5), collections.deque([Pair(1, 2)]))}
    assert preparation.prepare(value, 5) == {3: [1], "t": (0.5, [(1, 2)])}
    for key in (b"b", (1,), frozenset(), None, object()):
        with pytest.raises(SerializeError, match="can't be a key"):
            preparation.prepare({key: 1}, 5)


def test_preparation_keeps_sets_and_keys_of_tuples_if_told() -> None:
    preparation = Preparation(ClassTable(), frozenset({int}), 5, sets=True)
    value = {(1, frozenset({(Level.HIGH,)})): {4}}
    prepared = preparation.prepare(value, 5)
    assert prepared == {(1, frozenset({(3,)})): {4}}
    with pytest.raises(SerializeError, match="nested deeper than 5 levels"):
        preparation.prepare({((1,),): 5}, 2)


def test_an_error_that_is_looked_at_keeps_no_frames() -> None:
    def write(value: Any) -> None:
        raise ValueError(value)

    error = attempt(write, "no")
    assert isinstance(error, ValueError)
    assert error.__traceback__ is None
    assert attempt(str, "yes") is None


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ([1], 2),
        ([1, (2, {3, 4}), [[]]], 9),
        ({"a": [1], (1, 2): {}, frozenset({1}): None}, 11),
    ],
)
def test_values_are_counted_with_containers_and_keys(value: Any, count: int) -> None:
    assert not holds_more(value, count)
    assert holds_more(value, count - 1)
