"""The payloads of the vectors, both ways; their frames are in test_pyro4_framing.py."""

from __future__ import annotations

import ast
import json
import marshal
import uuid
from pathlib import Path
from typing import Any

import pytest

import Pyro4.core
from Pyro4 import framing
from Pyro4.serializers import serializers_by_id
from pyrophone.wire.framing import INVOKE, PING, Message

VECTORS: dict[str, dict[str, Any]] = {
    vector["name"]: vector
    for vector in json.loads(
        (Path(__file__).parent / "vectors" / "pyro4-vectors.json").read_text("utf-8")
    )
}
MARSHAL = 3
PICKLE = 4
# The real one writes other opcodes for the same proxy.
PROXY_PICKLES = ("autoproxy-pickle-result", "autoproxy-arg-pickle-request")


def decode(vector: dict[str, Any]) -> Message:
    decoder = framing.Decoder(hmac_key=str(vector.get("hmac_key", "")).encode() or None)
    decoder.feed(bytes.fromhex(vector["hex"]))
    message = decoder.next()
    assert message is not None
    return message


MESSAGES = {name: decode(vector) for name, vector in VECTORS.items()}
WITH_VALUES = [name for name, message in MESSAGES.items() if message.kind != PING]


def load(message: Message) -> Any:
    """Return what the payload says."""
    serializer = serializers_by_id[message.serializer_id]
    if message.kind == INVOKE:
        return serializer.loadsCall(message.payload)
    return serializer.loads(message.payload)


def dump(message: Message, value: Any) -> bytes:
    """Return the payload that says *value*."""
    serializer = serializers_by_id[message.serializer_id]
    if message.kind == INVOKE:
        return serializer.dumpsCall(*value)
    return serializer.dumps(value)


@pytest.mark.parametrize("name", WITH_VALUES)
def test_a_payload_is_written_as_it_was_read(name: str) -> None:
    message = MESSAGES[name]
    value = load(message)
    written = dump(message, value)
    if message.serializer_id == MARSHAL:  # has several ways to write the same
        assert marshal.loads(written) == marshal.loads(message.payload)
    elif name in PROXY_PICKLES:
        assert dump(message, load_again(message, written)) == written
    elif name == "datatypes-serpent-result":
        assert value["b"] == {"data": "AP8=", "encoding": "base64"}  # as Pyro4 leaves it
    else:
        assert written == message.payload


def load_again(message: Message, payload: bytes) -> Any:
    return load(Message(message.kind, message.serializer_id, 0, 0, payload))


def test_data_types_are_written_as_pyro4_writes_them() -> None:
    value = {
        "b": b"\x00\xff",
        "t": (1, 2.5, None, True),
        "u": "€",
        "s": {3},
        "id": uuid.UUID(int=5),
    }
    message = MESSAGES["datatypes-serpent-result"]
    assert dump(message, value) == message.payload


@pytest.mark.parametrize("name", WITH_VALUES)
def test_a_payload_is_read_as_stated(name: str) -> None:
    text = VECTORS[name]["decoded"]["payload"]
    try:
        stated = ast.literal_eval(text)
    except ValueError:  # a pickle with objects of Pyro4 in it
        return
    if "'__class__'" in text:  # objects are made of those; see test_pyro4_serializers.py
        return
    message = MESSAGES[name]
    value = load(message)
    if isinstance(stated, dict) and message.kind == INVOKE:  # json has names for the four
        stated = [stated[key] for key in ("object", "method", "params", "kwargs")]
    assert plain(value) == plain(stated)


def plain(value: Any) -> Any:
    """Return *value* with sequences as lists."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


@pytest.mark.parametrize("name", PROXY_PICKLES)
def test_a_pickled_proxy_is_one_of_pyro4(name: str) -> None:
    value = load(MESSAGES[name])
    proxy = value[2][0] if MESSAGES[name].kind == INVOKE else value
    assert type(proxy) is Pyro4.core.Proxy
    assert "hi" in proxy._pyroMethods
