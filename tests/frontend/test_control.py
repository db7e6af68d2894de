# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from pyrophone.context import CallContext, Client, serving
from pyrophone.errors import CallError, NoSuchObjectError, NotExposedError
from pyrophone.frontend.control import Control
from pyrophone.objects.exposure import Members, expose, instances
from pyrophone.objects.observables import observable
from pyrophone.objects.streams import StreamTable
from pyrophone.objects.table import ObjectTable


@expose
class Camera:
    temperature = observable(float, 20.0)
    hidden = 3

    @property
    def model(self) -> str:
        return "C1"

    def snap(self) -> None: ...


@expose
@instances("single")
class Shared(Camera):
    pass


@expose
class Fresh(Camera):
    pass


@pytest.fixture
def control() -> Iterator[Control]:
    objects = ObjectTable()
    objects.register(Camera(), "camera")
    objects.register(Shared, "shared")
    objects.register(Fresh, "fresh")
    token = serving.set(CallContext(Client(), 1, 0, "serpent", {}, None))
    yield Control(objects, StreamTable(), lambda: 42)
    serving.reset(token)


def first(stream: Any) -> Any:
    async def one() -> Any:
        try:
            return await anext(stream)
        finally:
            await stream.aclose()

    return asyncio.run(one())


@pytest.mark.parametrize("object_id", ["camera", "shared"])
def test_it_gives_a_stream_of_what_observables_are(
    control: Control, object_id: str
) -> None:
    places, times, values = first(control.watch(object_id, ["temperature"] * 2, 0.1))
    assert (places, len(times), values) == ([0], 8, [20.0])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("model", "'model' of Camera can't be watched: it is no observable"),
        ("hidden", "unexposed or unknown remote attribute 'hidden'"),
        ("snap", "unknown remote attribute 'snap'"),
        ("temperatur", "did you mean 'temperature'"),
        ("__class__", "private attribute"),
        (3, "a member's name is a text, not int"),
        ([], "a member's name is a text, not list"),
    ],
)
def test_only_exposed_observables_can_be_watched(
    control: Control, name: Any, text: str
) -> None:
    with pytest.raises(NotExposedError, match=text):
        control.watch("camera", ["temperature", name], 0.1)


@pytest.mark.parametrize(
    ("names", "interval", "text"),
    [
        ([], 0.1, "at least one"),
        ("temperature", 0.1, "a list of names"),
        ({"temperature": 1}, 0.1, "a list of names"),
        (["temperature"] * 10_001, 0.1, "10001 names are too many to watch"),
        (["temperature"], -1, "0 to 3600 seconds, not -1"),
        (["temperature"], float("nan"), "not nan"),
        (["temperature"], "x", "not 'x'"),
    ],
)
def test_what_makes_no_sense_is_refused(
    control: Control, names: Any, interval: Any, text: str
) -> None:
    with pytest.raises(CallError, match=text):
        control.watch("camera", names, interval)


def test_objects_that_each_client_has_for_itself_are_not_watched(control: Control) -> None:
    with pytest.raises(CallError, match="no one instance for all clients"):
        control.watch("fresh", ["temperature"], 0.1)
    with pytest.raises(NoSuchObjectError):
        control.watch("nobody", ["temperature"], 0.1)


def test_it_adds_one_method_to_what_daemons_can_be_asked() -> None:
    inherited = {"close_stream", "get_metadata", "get_next_stream_item", "info", "ping"}
    assert Members(Control).methods == {*inherited, "registered", "watch"}
