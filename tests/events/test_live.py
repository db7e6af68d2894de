# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kinds import KINDS, Kind
from pyrophone import Settings, aio, expose, observable
from pyrophone.errors import CallError, NotExposedError, RemoteProtocolError
from pyrophone.events import Change, watch, watch_all
from pyrophone.sync import Daemon, connect
from relay import Relay
from running import LIMIT, running


@dataclasses.dataclass
class Spot:
    x: int
    y: int


@expose
class Camera:
    temperature = observable(float, 20.0)
    gain = observable(int, 1)
    model = observable(str, "C1", readonly=True)
    spot = observable(Spot, Spot(1, 2))

    def find(self) -> Spot:
        return self.spot


@pytest.fixture(params=KINDS)
def served(request: pytest.FixtureRequest) -> Iterator[tuple[Camera, Any]]:
    camera = Camera()
    with Kind(request.param).serving() as daemon:
        yield camera, daemon.register(camera, "camera")


def test_it_begins_with_what_there_is_and_goes_on_with_changes(
    served: tuple[Camera, Any],
) -> None:
    camera, uri = served
    proxy = connect(uri)
    with watch(proxy, "temperature", "gain", max_rate=1000) as changes:
        first = [changes.get(LIMIT) for _ in range(2)]
        assert [(one.name, one.value) for one in first] == [
            ("temperature", 20.0),
            ("gain", 1),
        ]
        assert first[0].proxy is proxy
        camera.gain = 2
        assert changes.get(LIMIT).value == 2
        proxy.gain = 3
        change = changes.get(LIMIT)
        assert (change.name, change.value) == ("gain", 3)
        assert change.time >= first[0].time
        camera.model = "C2"
        with pytest.raises(TimeoutError):
            changes.get(0.02)


def test_a_loop_watches_likewise(served: tuple[Camera, Any]) -> None:
    camera, uri = served

    async def work() -> None:
        proxy = await aio.connect(uri)
        async with watch(proxy, "temperature", max_rate=1000) as changes:
            assert (await anext(changes)).value == 20.0
            camera.temperature = 3.0
            async for change in changes:
                assert (change.value, change.proxy) == (3.0, proxy)
                break
        await aio.close(proxy)

    asyncio.run(asyncio.wait_for(work(), LIMIT))


def test_changes_from_threads_end_with_the_last_value(served: tuple[Camera, Any]) -> None:
    camera, uri = served
    with watch(connect(uri), "gain", max_rate=1000) as changes:
        assert changes.get(LIMIT).value == 1

        def change(by: int) -> None:
            for number in range(200):
                camera.gain = by + number

        threads = [threading.Thread(target=change, args=(n * 1000,)) for n in range(1, 4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        while changes.get(LIMIT).value != camera.gain:
            pass


def test_news_come_no_more_often_than_wanted() -> None:
    camera = Camera()
    stop = threading.Event()
    with running(Daemon()) as daemon:
        proxy = connect(daemon.register(camera, "camera"))

        def change() -> None:
            while not stop.wait(0.001):
                camera.gain += 1

        with watch(proxy, "gain", max_rate=20) as changes:
            thread = threading.Thread(target=change)
            thread.start()
            times = [changes.get(LIMIT).time for _ in range(7)]
            stop.set()
            thread.join()
        assert times[-1] - times[1] > 4 * 0.05  # the first two may come within one


def test_changes_of_one_moment_come_in_one_message() -> None:
    names = [f"value{number}" for number in range(100)]
    members: dict[str, Any] = {name: observable(int, 0) for name in names}
    panel_class: Any = expose(type("Panel", (), members))
    panels = [panel_class() for _ in range(10)]
    with running(Daemon()) as daemon:
        proxies = [connect(daemon.register(panel)) for panel in panels]
        with watch_all([(proxy, names) for proxy in proxies], max_rate=10) as changes:
            items = 0
            for source in changes._following._sources:
                read = source.read

                def counted(item: Any, read: Any = read) -> Any:
                    nonlocal items
                    items += 1
                    return read(item)

                source.read = counted  # type: ignore[method-assign]
            first = [changes.get(LIMIT) for _ in range(1000)]
            assert {change.value for change in first} == {0}
            for panel in panels:
                for name in names:
                    setattr(panel, name, 1)
            second = [changes.get(LIMIT) for _ in range(1000)]
            assert {change.value for change in second} == {1}
            assert {id(change.proxy) for change in second} == set(map(id, proxies))
            assert items <= 40  # 20, but where an interval ends while they are set


def test_values_of_the_classes_that_an_interface_names_come_as_such() -> None:
    camera = Camera()
    with running(Daemon()) as daemon:
        proxy = connect(daemon.register(camera, "camera"), Camera)
        with watch(proxy, "spot") as changes:
            assert changes.get(LIMIT).value == Spot(1, 2)


def test_what_cannot_be_watched_is_told() -> None:
    with running(Daemon()) as daemon:
        proxy = connect(daemon.register(Camera(), "camera"))
        with (
            watch(proxy, "temperatur") as changes,
            pytest.raises(NotExposedError, match="did you mean 'temperature'"),
        ):
            changes.start()
        each = connect(daemon.register(Camera, "each"))
        with pytest.raises(CallError, match="no one instance"):
            watch(each, "gain").get(LIMIT)
        for rate in (0, -1, float("nan"), 1e-300):
            with pytest.raises(ValueError, match=f"max_rate is {rate}, must be above 0"):
                watch(proxy, "gain", max_rate=rate)
        with pytest.raises(TypeError, match="max_rate is a number, not str"):
            watch(proxy, "gain", max_rate="5")  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="name of an attribute is a text, not list"):
            watch(proxy, ["gain"])  # type: ignore[arg-type]
        watch(proxy, "gain", max_rate=10**400).close()
        with pytest.raises(TypeError, match="needs at least one name"):
            watch(proxy)
        with pytest.raises(TypeError, match="nothing to watch"):
            watch_all([])
        with pytest.raises(TypeError, match="is no proxy"):
            watch(Camera(), "gain")


def test_it_begins_anew_when_the_connection_was_lost() -> None:
    camera = Camera()
    with running(Daemon()) as daemon:
        uri = daemon.register(camera, "camera")
        with Relay(f"{uri.host}:{uri.port}", down=1500) as relay:
            proxy = connect(relay.uri("camera"), settings=Settings(retries=5))
            with watch(proxy, "gain", max_rate=1000) as changes:
                for number in range(2, 60):
                    camera.gain = number
                    while changes.get(LIMIT).value != number:
                        pass


def test_changes_are_equal_if_they_say_the_same() -> None:
    with running(Daemon()) as daemon:
        proxy = connect(daemon.register(Camera(), "camera"))
        change = Change(proxy, "gain", [1], 5.0)
        assert change == Change(proxy, "gain", [1], 5.0)
        assert hash(change) == hash(Change(proxy, "gain", [2], 5.0))
        assert change != Change(proxy, "gain", [2], 5.0)
        assert change != Change(proxy, "model", [1], 5.0)
        assert change != 3
        assert repr(change).startswith("<Change gain=[1] of PYRO:camera@")


@pytest.mark.parametrize(
    "item",
    [
        None,
        [],
        ([0], b"", [1]),
        ([9], bytes(8), [1]),
        ([0], bytes(8), []),
        (["0"], bytes(8), [1]),
        ([0], "12345678", [1]),
        (0, bytes(8), [1]),
    ],
)
def test_a_daemon_that_talks_nonsense_is_told_so(item: Any) -> None:
    with running(Daemon()) as daemon:
        proxy = connect(daemon.register(Camera(), "camera"))
        [source] = watch(proxy, "gain")._following._sources
        with pytest.raises(RemoteProtocolError, match="bad changes"):
            source.read(item)
