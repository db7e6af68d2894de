from __future__ import annotations

from typing import Any

import pytest

from conversing import SERIALIZERS, ask, codecs, greeted
from pyrophone.errors import LocalProtocolError, RemoteProtocolError, SerializeError
from pyrophone.wire.blobs import Blob, address_blob, read_address
from pyrophone.wire.framing import BLOB, ONEWAY

VALUES = [[1, 2, 3], {"a": [1]}, 5, "text", None, [], [[1, [2]], {"b": None}]]


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("name", SERIALIZERS)
def test_a_blob_is_read_when_asked_for(name: str, value: Any) -> None:
    client, server = greeted(name)
    call = ask(
        client, server, "store", (Blob({"size": 1}, value),), {}, annotations={"INFO": b"x"}
    )
    assert (call.object_id, call.method, call.kwargs, call.flags) == (
        "demo",
        "store",
        {},
        BLOB,
    )
    assert call.annotations == {"INFO": b"x"}
    (blob,) = call.args
    assert type(blob) is Blob
    assert (blob.info, blob.value, blob.value) == ({"size": 1}, value, value)


@pytest.mark.parametrize("name", SERIALIZERS)
def test_a_blob_is_passed_on_unread_whatever_the_dispatcher_speaks(name: str) -> None:
    client, dispatcher = greeted(name)
    (blob,) = ask(client, dispatcher, "store", (Blob("info", ["x"]),), {}).args
    forward, server = greeted("json" if name != "json" else "serpent")
    call = ask(forward, server, "put", (blob,), {}, ONEWAY, object_id="other")
    assert (call.object_id, call.method, call.serializer.name) == ("other", "put", name)
    assert call.flags == BLOB | ONEWAY
    (passed_on,) = call.args
    assert (passed_on.info, passed_on.value) == ("info", ["x"])


def test_a_blob_of_ones_own_has_its_value() -> None:
    assert Blob("info", 5).value == 5


@pytest.mark.parametrize("payload", [b"garbage", b"[1,2,3]", b"7", b"{'object':'o'}"])
def test_a_blob_of_garbage_is_an_error_only_when_read(payload: bytes) -> None:
    blob = Blob("info", payload=payload, serializer=codecs().by_name["serpent"])
    with pytest.raises(SerializeError):
        _ = blob.value


@pytest.mark.parametrize("name", SERIALIZERS)
@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((Blob("i"), 1), {}),
        ((1, Blob("i")), {}),
        (([Blob("i")],), {}),
        ((), {"k": Blob("i")}),
    ],
)
def test_a_blob_beside_or_inside_other_arguments_is_refused(
    name: str, args: Any, kwargs: Any
) -> None:
    client, _ = greeted(name)
    with pytest.raises(SerializeError, match="a blob must be the only argument of a call"):
        client.call("store", args, kwargs)
    assert (client.seq, client.calls) == (0, 0)


def test_a_blob_with_keywords_is_refused() -> None:
    client, _ = greeted()
    with pytest.raises(
        LocalProtocolError, match=r"^a blob must be the only argument of a call$"
    ):
        client.call("store", (Blob("i"),), {"k": 1})
    assert (client.seq, client.calls) == (0, 0)


@pytest.mark.parametrize("info", ["some info", None, {"a": (1, b"x")}])
def test_the_address_is_an_annotation_in_marshal(info: Any) -> None:
    marshal = codecs().by_name["marshal"]
    chunk = address_blob(Blob(info), marshal, "demo", "blob")
    assert marshal.loads(chunk) == (info, "demo", "blob")
    assert read_address({"BLBI": chunk}, marshal) == (info, "demo", "blob")


@pytest.mark.parametrize(
    "address", [("i", "demo"), ("i", "demo", 1), "demo", ("i", None, "m")]
)
def test_an_address_of_another_shape_is_refused(address: Any) -> None:
    marshal = codecs().by_name["marshal"]
    with pytest.raises(
        RemoteProtocolError, match=r"^annotation BLBI is not \(info, object id, m"
    ):
        read_address({"BLBI": marshal.dumps(address)}, marshal)


def test_an_address_must_be_there_and_readable() -> None:
    marshal = codecs().by_name["marshal"]
    with pytest.raises(RemoteProtocolError, match=r"^a blob call without annotation BLBI$"):
        read_address({"INFO": b""}, marshal)
    with pytest.raises(SerializeError):
        read_address({"BLBI": b"\xff"}, marshal)
