from __future__ import annotations

from collections.abc import Iterator

import pytest

from conversing import SERIALIZERS, codecs
from pyrophone.context import CallContext, Client, serving
from pyrophone.errors import NoSuchObjectError, StreamError
from pyrophone.objects.control import DaemonObject
from pyrophone.objects.exposure import Members, expose, oneway
from pyrophone.objects.streams import StreamTable
from pyrophone.objects.table import DAEMON_ID, ObjectTable
from pyrophone.wire.metadata import Metadata


@expose
class Lamp:
    @property
    def on(self) -> bool:
        return True

    def switch(self) -> None: ...

    @oneway
    def blink(self) -> None: ...


@pytest.fixture
def objects() -> ObjectTable:
    return ObjectTable()


@pytest.fixture
def streams() -> StreamTable:
    return StreamTable()


@pytest.fixture
def control(objects: ObjectTable, streams: StreamTable) -> DaemonObject:
    control = DaemonObject(objects, streams, lambda: 42)
    objects.register(control, DAEMON_ID)
    return control


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    token = serving.set(CallContext(client, 1, 0, "serpent", {}, None))
    yield client
    serving.reset(token)


def test_the_control_object_has_six_methods() -> None:
    assert Members(DaemonObject).metadata == Metadata(
        frozenset(
            {
                "close_stream",
                "get_metadata",
                "get_next_stream_item",
                "info",
                "ping",
                "registered",
            }
        )
    )


def test_it_tells_what_is_registered(control: DaemonObject, objects: ObjectTable) -> None:
    objects.register(Lamp(), "lamp")
    assert control.registered() == ["Pyro.Daemon", "lamp"]


def test_it_describes_the_daemon_as_text(control: DaemonObject) -> None:
    assert control.info() == "42"
    control.ping()


@pytest.mark.parametrize("name", SERIALIZERS)
def test_it_tells_the_members_of_an_object(
    control: DaemonObject, objects: ObjectTable, name: str
) -> None:
    objects.register(Lamp, "lamp")
    found = control.get_metadata(objectId="lamp")
    assert found == {"methods": {"switch", "blink"}, "oneway": {"blink"}, "attrs": {"on"}}
    serializer = codecs().by_name[name]
    back = Metadata.from_wire(serializer.loads(serializer.dumps(found)))
    assert back == Members(Lamp).metadata


def test_an_unknown_object_has_no_members(control: DaemonObject) -> None:
    with pytest.raises(NoSuchObjectError, match=r"^unknown object 'lamp'$"):
        control.get_metadata("lamp")


def test_it_gives_the_items_of_a_stream(
    control: DaemonObject, streams: StreamTable, client: Client
) -> None:
    stream_id = streams.open(iter([7]), client, 0)
    assert control.get_next_stream_item(streamId=stream_id) == 7
    with pytest.raises(StopIteration):
        control.get_next_stream_item(stream_id)
    with pytest.raises(StreamError, match=r"^item stream terminated$"):
        control.get_next_stream_item(stream_id)


def test_who_reads_an_orphaned_stream_adopts_it(
    control: DaemonObject, streams: StreamTable, client: Client
) -> None:
    lost = Client()
    stream_id = streams.open(iter([7, 8]), lost, 0)
    streams.leave(lost, 0)
    assert control.get_next_stream_item(stream_id) == 7
    streams.expire(1000)
    assert control.get_next_stream_item(stream_id) == 8
    streams.leave(client, 0)
    streams.expire(1000)
    assert len(streams) == 0


def test_a_stream_can_be_closed(control: DaemonObject, streams: StreamTable) -> None:
    stream_id = streams.open(iter([7]), Client(), 0)
    control.close_stream(streamId=stream_id)
    control.close_stream("unknown")
    assert len(streams) == 0
