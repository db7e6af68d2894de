"""Values over each daemon and each client: what arrives is what was sent."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from fronts import Front
from kinds import Kind
from pyrophone import Blob, Record, Settings, expose
from pyrophone.serializers import ClassTable
from pyrophone.sync import close, connect
from pyrophone.testing.strategies import same
from valued import CLASSES, NAMES, Colour, OutOfPaperError, Point, Shape, everything


@dataclasses.dataclass
class Crate:
    """Something of everything."""

    things: list[Any]
    shape: Shape
    more: dict[Any, Any] = dataclasses.field(default_factory=dict)


@expose
class Depot:
    def echo(self, value: Any) -> Any:
        return value

    def pack(self, crate: Crate) -> Crate:
        assert type(crate) is Crate
        return dataclasses.replace(crate, things=[*crate.things, crate.shape])

    def each(self, values: list[Any]) -> Iterator[Any]:
        return iter(values)

    def fail(self, colour: Colour) -> None:
        raise OutOfPaperError(3)

    def open(self, blob: Blob) -> Any:
        return blob.value

    @property
    def place(self) -> Point:
        return Point(1, 2)


class DepotInterface:
    place: Point

    def pack(self, crate: Crate) -> Crate:
        raise NotImplementedError


@pytest.mark.parametrize("serializer", NAMES)
def test_all_kinds_of_values_arrive_as_what_they_were(
    kind: Kind, front: Front, serializer: str
) -> None:
    classes = ClassTable()
    classes.allow(Crate, *CLASSES)
    crate = Crate(
        [(1,), {2}, b"3", datetime.datetime(2026, 1, 2), decimal.Decimal("1.50")],
        Shape("round", [Point(1)]),
        {Point(2): np.float64(3), (1, None): Colour.BLUE},
    )
    settings = Settings(serializer=serializer)
    with kind.serving(classes=classes) as daemon:
        uri = daemon.register(Depot())
        with front.connect(uri, settings=settings, classes=classes) as depot:
            assert same(depot.echo(everything()), everything())
            packed = depot.pack(crate)
            assert packed == dataclasses.replace(crate, things=[*crate.things, crate.shape])
            assert list(map(type, packed.things)) == [*map(type, crate.things), Shape]
            assert list(depot.each([(1,), Colour.RED])) == [(1,), Colour.RED]
            array = np.arange(40_000.0).reshape(200, 200).T
            arrived = depot.echo([array, {"again": array}])
            assert np.array_equal(arrived[1]["again"], array)
            with pytest.raises(OutOfPaperError, match="tray 3 is empty") as raised:
                depot.fail(Colour.RED)
            assert raised.value.tray == 3
            batch = front.batch(depot)
            batch.echo((1, {2}))
            batch.echo(Colour.RED)
            assert list(batch()) == [(1, {2}), Colour.RED]


def test_annotations_say_what_is_built_at_both_ends(kind: Kind, front: Front) -> None:
    with kind.serving() as daemon:
        uri = daemon.register(Depot())
        crate = Crate([Point(1)], Shape("a"))
        with front.connect(uri, DepotInterface) as depot:
            assert depot.pack(crate) == Crate([Point(1), Shape("a")], Shape("a"))
            assert front.get(depot, "place") == Point(1, 2)
        with front.connect(uri) as depot:  # the daemon knows it, this client doesn't
            packed = depot.pack(crate)
            assert type(packed) is Record
            assert type(packed.fields["shape"]) is Record
            assert front.get(depot, "place") == Record("valued.Point", {"x": 1, "y": 2})
            assert type(depot.pack(packed)) is Record


def test_functions_take_and_give_values(kind: Kind, front: Front) -> None:
    @expose
    class Asker:
        def ask(self, function: Any) -> Any:
            return function((1, {2}), Point(1))

        async def ask_later(self, function: Any) -> Any:
            return await function((1, {2}), Point(1))

    classes = ClassTable()
    classes.allow(Point)
    with kind.serving(classes=classes) as daemon:
        uri = daemon.register(Asker())
        with front.connect(uri, classes=classes) as asker:
            ask = asker.ask_later if kind.name.startswith("aio") else asker.ask
            assert ask(lambda *args: args) == ((1, {2}), Point(1))


def test_a_side_that_does_without_gets_the_old_conventions(
    kind: Kind, front: Front
) -> None:
    with kind.serving() as daemon:
        uri = daemon.register(Depot())
        with front.connect(uri, settings=Settings(values=False)) as depot:
            assert depot.echo((Colour.RED, b"\0")) == (
                1,
                {"data": "AA==", "encoding": "base64"},
            )
        if kind.name == "threads":
            daemon.reconfigure(Settings(values=False))
            with front.connect(uri) as depot:
                assert depot.echo(frozenset({1})) == {1}


def test_settings_that_change_leave_conversations_as_they_were_agreed(kind: Kind) -> None:
    with kind.serving() as daemon:
        uri = daemon.register(Depot())
        with connect(uri) as depot:
            depot.echo(1)
            daemon.reconfigure(Settings(max_depth=20))
            assert depot.echo((Colour.RED, frozenset({1})))[1] == frozenset({1})


def test_blobs_are_written_so_that_all_can_read_them(kind: Kind, front: Front) -> None:
    with kind.serving() as daemon:
        uri = daemon.register(Depot())
        settings = Settings(serializer="json")
        with front.connect(uri, settings=settings) as depot:
            assert depot.open(Blob("info", [(1, 2)])) == [[1, 2]]


def test_proxies_with_one_interface_share_a_connection() -> None:
    with Kind("threads").serving() as daemon:
        uri = daemon.register(Depot())
        one, two = connect(uri, DepotInterface), connect(uri, DepotInterface)
        assert one.place == two.place == Point(1, 2)
        assert len(daemon.clients) == 1
        close(one)
        close(two)
