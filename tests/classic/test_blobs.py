"""Blobs pass through programs of older Pyros unread."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from Pyro5 import errors
from Pyro5.generation import PYRO5
from pyrophone import Blob
from pyrophone.classic.blobs import ClassicBlob, blob_call
from pyrophone.serializers import ClassTable, make_serializers


class Sealed(ClassicBlob):
    """The blob of some generation."""

    generation = PYRO5

    def carried(self, info: Any, message: Any) -> Blob:
        """Take bytes for a message."""
        if not isinstance(message, bytes):
            raise TypeError("no message")
        return Blob(info, payload=message, serializer=JSON)


_CODECS = make_serializers(ClassTable())
JSON = _CODECS["json"]
MARSHAL = _CODECS["marshal"]


def call(*args: Any, **kwargs: Any) -> Any:
    """Return what a call with a blob consists of."""
    return blob_call(PYRO5, JSON, MARSHAL, "object", "method", args, kwargs)


def test_a_call_without_blob_is_none_of_its_business() -> None:
    assert call(1, 2) is None


def test_a_blob_gives_payload_and_address() -> None:
    number, payload, chunks = call(Sealed("info", [1, 2]))
    assert (number, JSON.loads_call(payload)) == (JSON.id, ("object", "method", [1, 2], {}))
    assert MARSHAL.loads(chunks["BLBI"]) == ("info", "object", "method")


def test_what_arrived_is_passed_on_as_it_came() -> None:
    payload = JSON.dumps_call("first", "m", ["x"], {})
    blob = Sealed("info", payload, is_blob=True)
    assert blob.deserialized() == ["x"]
    assert call(blob)[1] == payload
    assert Sealed("info", blob.blob, is_blob=True).deserialized() == ["x"]
    with pytest.raises(TypeError, match="no message"):
        Sealed("info", 5, is_blob=True)


def test_a_blob_must_be_alone() -> None:
    for args, kwargs in [((Sealed("i", 1), 2), {}), ((Sealed("i", 1),), {"a": 1})]:
        with pytest.raises(errors.SerializeError, match="only argument"):
            call(*args, **kwargs)
    with pytest.raises(errors.SerializeError, match="only argument"):
        pickle.dumps(Sealed("i", 1))


def test_unreadable_data_is_an_error_of_the_generation() -> None:
    with pytest.raises(errors.SerializeError):
        Sealed("info", b"[", is_blob=True).deserialized()
