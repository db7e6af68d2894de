"""Values of many kinds, classes to be built, and a trip by a serializer for values."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import enum
import typing
from collections.abc import Sequence
from typing import Any

import attrs
import pydantic

from pyrophone.serializers import ClassTable
from pyrophone.serializers.codecs import beside_of, make_codecs
from pyrophone.serializers.extended import ExtendedTable
from pyrophone.settings import Settings

__all__ = ["CLASSES", "NAMES", "everything", "extended", "finished", "revived", "trip"]

NAMES = ("serpent", "json", "msgpack")


class Colour(enum.Enum):
    RED = 1
    BLUE = (0, 0, 255)


class Right(enum.Flag):
    READ = 1
    WRITE = 2


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Pair(typing.NamedTuple):
    left: Any
    right: Any = "right"


Old = collections.namedtuple("Old", "a b")


@dataclasses.dataclass(frozen=True)
class Point:
    x: float
    y: float = 0.0


@dataclasses.dataclass(slots=True)
class Shape:
    name: str
    points: list[Point] = dataclasses.field(default_factory=list)
    colour: Colour = Colour.RED
    serial: int = dataclasses.field(init=False, default=0)


@dataclasses.dataclass
class Checked:
    low: int
    high: int
    width: int = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"{self.low} is more than {self.high}")
        self.width = self.high - self.low


@dataclasses.dataclass
class Seeded:
    seed: dataclasses.InitVar[int]
    value: int = dataclasses.field(init=False)

    def __post_init__(self, seed: int) -> None:
        self.value = seed * 2


@attrs.define
class Engine:
    power: int = attrs.field(converter=int, validator=attrs.validators.ge(0))
    _oil: str = "5W-40"


@attrs.frozen
class Plain:
    inner: Any
    late: int = attrs.field(init=False, default=3)


class Person(pydantic.BaseModel):
    name: str
    born: datetime.date = pydantic.Field(alias="birth")
    tags: tuple[str, ...] = ()


class Open(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    known: int


class Names(pydantic.RootModel[list[str]]):
    pass


class OutOfPaperError(Exception):
    def __init__(self, tray: int) -> None:
        super().__init__(f"tray {tray} is empty")
        self.tray = tray


CLASSES = (
    *(Checked, Colour, Engine, Level, Names, Old, Open, OutOfPaperError, Pair, Person),
    *(Plain, Point, Right, Seeded, Shape),
)


def everything() -> list[Any]:
    """Return values of all kinds of classes, some inside others."""
    shape = Shape("a", [Point(1, 2.5)], Colour.BLUE)
    shape.serial = 7
    return [
        *(Colour.RED, Right.READ | Right.WRITE, Right(0), Level.HIGH, Old(1, [2])),
        *(Pair(Point(1)), shape, Checked(1, 3), Seeded(4), Engine(7, "old")),
        *(
            Plain(Plain(Colour.BLUE)),
            Names(["a"]),
            Open.model_validate({"known": 1, "other": Point(3.0)}),
        ),
        Person(name="Ada", birth=datetime.date(1815, 12, 10), tags=("a", "b")),
        {Point(1): {Pair(1, 2): [Colour.RED]}, Level.LOW: {Colour.RED, Point(2)}},
        collections.OrderedDict([(Point(2), collections.deque([Pair(1)], 4))]),
    ]


def extended(*classes: type, name: str) -> Any:
    """Return a serializer that knows values, and may build *classes*."""
    table = ClassTable()
    table.allow(*classes)
    return make_codecs(table, Settings()).extended().by_name[name]


def finished(beside: list[Any]) -> list[Any]:
    """Return what arrives of what was written beside a text."""
    kinds = [bytes if type(view.obj) is bytes else bytearray for view in beside]
    return [kind(view) for kind, view in zip(kinds, beside, strict=True)]


def trip(value: Any, name: str, *classes: type) -> Any:
    """Return what becomes of *value* where *classes* may be built, by both roads."""
    serializer = beside_of(extended(*classes, name=name))
    arrived = serializer.loads(serializer.dumps(value))
    beside: list[Any] = []
    data = serializer.dumps_call_beside("o", "m", (value,), {"k": [value]}, beside)
    _, _, args, kwargs = serializer.loads_call_beside(data, finished(beside))
    assert str(args[0]) == str((kwargs or {})["k"][0]) == str(arrived)
    return arrived


def revived(form: Any, *classes: type, buffers: Sequence[Any] = ()) -> Any:
    """Return what is made of a form that a peer wrote as it is."""
    table = ClassTable()
    table.allow(*classes)
    return ExtendedTable(table).reviver(buffers)(form)
