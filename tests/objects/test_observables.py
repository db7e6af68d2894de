# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

import dataclasses

import pytest

from pyrophone.errors import NotExposedError
from pyrophone.objects.exposure import Members, expose
from pyrophone.objects.observables import observable
from pyrophone.wire.metadata import Metadata


@dataclasses.dataclass
class Spot:
    x: int
    y: int


@expose
class Camera:
    temperature = observable(float, 20.0)
    model = observable(str, "C1", readonly=True)
    gain = observable(int | None)
    spot = observable(Spot, Spot(1, 2))
    anything = observable[object]()
    _secret = observable(int, 1)


class Plain:
    shown = expose(observable(int, 1))
    hidden = observable(int, 2)


def test_it_is_read_and_set_as_any_attribute_of_each_object() -> None:
    one, other = Camera(), Camera()
    one.temperature = 21.5
    assert (one.temperature, other.temperature) == (21.5, 20.0)
    assert isinstance(Camera.temperature, observable)
    assert Camera.temperature.name == "temperature"


def test_values_have_the_class_that_was_given() -> None:
    camera = Camera()
    with pytest.raises(TypeError, match="'temperature' takes float, not str"):
        camera.temperature = "hot"  # type: ignore[assignment]
    assert camera.temperature == 20.0
    camera.temperature = 3
    assert type(camera.temperature) is float
    camera.gain = None
    with pytest.raises(TypeError, match=r"'gain' takes int \| None, not float"):
        camera.gain = 0.5
    camera.anything = "something"


def test_a_definition_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(TypeError, match="takes int, not str"):
        observable(int, "one")
    with pytest.raises(TypeError, match="of a class or several, not of 3"):
        observable(3)  # type: ignore[arg-type]


def test_what_has_no_value_yet_says_so() -> None:
    with pytest.raises(AttributeError, match="'gain' of Camera has no value yet"):
        _ = Camera().gain


def test_it_needs_objects_with_a_dict() -> None:
    class Slim:
        __slots__ = ()
        size = observable(int)

    with pytest.raises(TypeError, match="Slim has no __dict__"):
        Slim().size = 1


def test_watchers_are_told_of_changes_of_their_object() -> None:
    one, other = Camera(), Camera()
    told: list[tuple[str, float]] = []

    def watcher(name: str) -> None:
        told.append((name, one.temperature))

    also: list[str] = []
    Camera.temperature.watch(one, watcher)
    Camera.temperature.watch(one, also.append)
    one.temperature = 1.0
    other.temperature = 2.0
    one.gain = 3
    Camera.temperature.unwatch(one, watcher)
    one.temperature = 4.0
    Camera.temperature.unwatch(one, also.append)
    one.temperature = 5.0
    assert told == [("temperature", 1.0)]
    assert also == ["temperature", "temperature"]


def test_a_refused_value_is_no_change() -> None:
    camera = Camera()
    told: list[str] = []
    Camera.temperature.watch(camera, told.append)
    with pytest.raises(TypeError):
        camera.temperature = None  # type: ignore[assignment]
    Camera.temperature.unwatch(camera, told.append)
    assert told == []


def test_it_is_exposed_as_a_property_is() -> None:
    members = Members(Camera)
    names = frozenset({"anything", "gain", "model", "spot", "temperature"})
    assert members.metadata == Metadata(frozenset(), frozenset(), names)
    camera = Camera()
    members.set(camera, "temperature", 3.0)
    assert members.get(camera, "temperature") == 3.0
    with pytest.raises(NotExposedError, match="'model' of Camera can't be written"):
        members.set(camera, "model", "C2")
    with pytest.raises(NotExposedError, match="private attribute '_secret'"):
        members.get(camera, "_secret")


def test_it_can_be_exposed_alone() -> None:
    assert Members(Plain).metadata.attributes == {"shown"}


def test_its_class_may_be_built_of_what_comes() -> None:
    assert Spot in Members(Camera).value_classes
