from __future__ import annotations

import collections
import dataclasses
import functools
import typing
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Optional, Union

import pytest

from pyrophone.serializers.annotations import (
    classes_of_members,
    is_buildable,
    mentioned_classes,
)
from valued import (
    Colour,
    Engine,
    Level,
    Names,
    Old,
    OutOfPaperError,
    Pair,
    Person,
    Point,
    Right,
    Shape,
)

if TYPE_CHECKING:
    from nowhere import Missing  # type: ignore[import-not-found]

T = typing.TypeVar("T", bound=Right)
Number = typing.NewType("Number", Level)


class Options(typing.TypedDict, total=False):
    point: Point
    names: list[Names]


@dataclasses.dataclass
class Tree(typing.Generic[T]):
    children: list[Tree[T]]
    payload: T
    left: Leaf | None = None


@dataclasses.dataclass
class Leaf:
    pair: Pair


@pytest.mark.parametrize(
    ("annotation", "classes"),
    [
        (int, set()),
        (Any, set()),
        (Point, {Point}),
        (Shape, {Shape, Point, Colour}),
        (list[Point], {Point}),
        (typing.List[Point], {Point}),  # noqa: UP006
        (dict[Pair, tuple[Point, ...]], {Pair, Point}),
        (Point | None, {Point}),
        (Optional[Union[Point, Colour]], {Point, Colour}),  # noqa: UP007, UP045
        (Callable[[Point, Old], Awaitable[Engine]], {Point, Old, Engine}),
        (Iterator[Mapping[str, Level]], {Level}),
        (typing.Annotated[Point, "in metres"], {Point}),
        (typing.Literal[Colour.RED, 3], {Colour}),
        (T, {Right}),
        (Number, {Level}),
        (Options, {Point, Names}),
        (Tree[Right], {Tree, Leaf, Pair, Right}),
        (type[Point], {Point}),
        (collections.deque[Person], {Person}),
        (OutOfPaperError, {OutOfPaperError}),
        (KeyboardInterrupt, set()),
        ("Point", set()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_classes_in_an_annotation_are_found(
    annotation: Any, classes: set[type]
) -> None:
    assert set(mentioned_classes([annotation])) == classes


def decorated(function: Any) -> Any:
    @functools.wraps(function)
    def inner(*args: Any) -> Any:
        return function(*args)

    return inner


class Interface:
    def move(self, to: Point, *shapes: Shape) -> Colour | None:
        raise NotImplementedError

    def broken(self, what: Missing, pair: Pair) -> Nothing:  # type: ignore[name-defined]  # noqa: F821
        raise NotImplementedError

    @decorated
    def wrapped(self) -> Engine:
        raise NotImplementedError

    @classmethod
    def made(cls) -> Level:
        raise NotImplementedError

    @staticmethod
    def alone(old: Old) -> None:
        raise NotImplementedError

    @property
    def person(self) -> Person:
        raise NotImplementedError

    @person.setter
    def person(self, value: Names) -> None:
        raise NotImplementedError

    @functools.lru_cache  # noqa: B019
    def plain(self): ...  # type: ignore[no-untyped-def]


def test_the_classes_that_members_name_are_found_as_far_as_they_can_be() -> None:
    members = [member for name, member in vars(Interface).items() if name[0] != "_"]
    assert set(classes_of_members(members)) == {
        *(Point, Shape, Colour, Pair, Engine, Level, Old, Person, Names),
    }


def test_what_can_be_built_of_its_fields() -> None:
    assert all(map(is_buildable, [Point, Colour, Pair, Engine, Person, ValueError]))
    assert not any(map(is_buildable, [int, object, list[Point], SystemExit, "Point", None]))


def test_annotations_without_end_come_to_an_end() -> None:
    endless: Any = int
    for _ in range(20_000):
        endless = typing.Annotated[list[endless], 1] if False else [endless]
    assert mentioned_classes([endless]) == []
