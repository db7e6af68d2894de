"""Sessions that talk to each other, and the vectors of the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyrophone.errors import DaemonError, NamingError, RemoteProtocolError
from pyrophone.objects.functions import (
    FunctionCrossing,
    FunctionTable,
    RemoteFunction,
    StubTable,
)
from pyrophone.serializers import ClassTable
from pyrophone.serializers.classes import FAILURE_CLASS, URI_CLASS, Failure
from pyrophone.serializers.codecs import Codecs, make_codecs
from pyrophone.settings import Settings
from pyrophone.uri import URI
from pyrophone.wire.client import ClientSession
from pyrophone.wire.events import Call, Greeting, Reply
from pyrophone.wire.features import FEATURES
from pyrophone.wire.framing import INVOKE, STREAM, Decoder, Message, encode
from pyrophone.wire.metadata import Metadata
from pyrophone.wire.server import ServerSession

SERIALIZERS = ("serpent", "json", "marshal", "msgpack")
CORRELATION = bytes.fromhex("00112233445566778899aabbccddeeff")

_VECTORS = json.loads(
    Path(__file__).parent.parent.joinpath("vectors", "wire-vectors.json").read_text("utf-8")
)
URI_VECTORS: dict[str, dict[str, Any]] = {v["input"]: v for v in _VECTORS["uri_vectors"]}
MESSAGE_VECTORS: dict[str, dict[str, Any]] = {
    v["name"]: v for v in _VECTORS["vectors"] if v["kind"] == "message"
}
# The one vector that is no message: its version is that of Pyro4.
REJECTED = "handshake_bad_version_request"
FROM_CLIENT, FROM_SERVER = (
    [
        name
        for name, vector in MESSAGE_VECTORS.items()
        if vector["direction"] == direction and name != REJECTED
    ]
    for direction in ("client->server", "server->client")
)

_ERRORS: dict[str, type[Exception]] = {
    "builtins.StopIteration": StopIteration,
    "builtins.ValueError": ValueError,
    "Pyro5.errors.DaemonError": DaemonError,
    "Pyro5.errors.NamingError": NamingError,
    "Pyro5.errors.ProtocolError": RemoteProtocolError,
}


def vector_bytes(name: str) -> bytes:
    """Return the bytes of a message vector."""
    return bytes.fromhex(MESSAGE_VECTORS[name]["hex"])


def vector_message(name: str) -> Message:
    """Return a message vector as a message, made from its stated fields alone."""
    decoded = MESSAGE_VECTORS[name]["decoded"]
    header, payload = decoded["header"], decoded["payload"]
    start = 40 + header["annotations_length"]
    data = payload.get("uncompressed_hex")
    return Message(
        header["type"],
        header["serializer_id"],
        header["flags"] & ~2,  # what is decoded is not compressed any more
        header["seq"],
        bytes.fromhex(data) if data else vector_bytes(name)[start:],
        {chunk["id"]: bytes.fromhex(chunk["hex"]) for chunk in decoded["annotations"]},
        bytes.fromhex(header["correlation_id"]),
    )


def vector_value(name: str) -> Any:
    """Return what the payload of a message vector says."""
    return _untag(MESSAGE_VECTORS[name]["decoded"]["payload"]["value"])


def _untag(value: Any) -> Any:
    if isinstance(value, list):
        return [_untag(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"$tuple"}:
        return tuple(_untag(value["$tuple"]))
    if value.keys() == {"$set"}:
        return set(value["$set"])
    if value.keys() == {"$bytes"}:
        return bytes.fromhex(value["$bytes"])
    form = {key: _untag(item) for key, item in value.items()}
    if form.get("__class__") == URI_CLASS:
        return URI(*form["state"])
    if form.get("__class__") == FAILURE_CLASS:
        error = form["exception"]
        return Failure(error, error._pyroTraceback)
    if form.get("__exception__"):
        error = _ERRORS[form["__class__"]](*form["args"])
        error._pyroTraceback = form["attributes"]["_pyroTraceback"]  # type: ignore[attr-defined]
        return error
    return form


def decode(data: bytes) -> Message:
    """Return the one message that *data* holds."""
    decoder = Decoder()
    decoder.feed(data)
    message = decoder.next()
    assert message is not None
    assert decoder.pending == 0
    return message


def codecs(**settings: Any) -> Codecs:
    """Return the serializers of one side."""
    return make_codecs(ClassTable(), Settings(**settings))


def take(session: ClientSession | ServerSession) -> list[Any]:
    """Return the events that a session has now."""
    events: Iterator[Any] = iter(session.next, None)
    return list(events)


def feed(session: ClientSession | ServerSession, data: bytes) -> list[Any]:
    """Return the events that *data* makes in a session."""
    session.receive(data)
    return take(session)


def greeted(
    serializer: str = "serpent", *, metadata: Metadata | None = None, **options: Any
) -> tuple[ClientSession, ServerSession]:
    """Return two sessions that have greeted each other."""
    client = ClientSession("demo", codecs(), serializer=serializer, **options)
    server = ServerSession(codecs())
    (greeting,) = feed(server, client.greet())
    metadata = metadata or Metadata(frozenset({"add", "fire"}), frozenset({"fire"}))
    feed(client, server.welcome(greeting, "hello", metadata))
    return client, server


def ask(client: ClientSession, server: ServerSession, *call: Any, **options: Any) -> Call:
    """Return the call that arrives when *client* makes it."""
    (event,) = feed(server, client.call(*call, **options))
    assert isinstance(event, Call)
    return event


def greeting_of(server: ServerSession, data: bytes) -> Greeting:
    """Return the greeting that *data* makes."""
    (event,) = feed(server, data)
    assert isinstance(event, Greeting)
    return event


def call_of(
    serializer: str = "serpent",
    object_id: str = "demo",
    method: str = "add",
    args: Any = (),
    kwargs: Any = None,
    flags: int = 0,
    seq: int = 1,
) -> Call:
    """Return a call as it arrives."""
    writer = codecs().by_name[serializer]
    payload = writer.dumps_call(object_id, method, args, {} if kwargs is None else kwargs)
    data = encode(Message(INVOKE, writer.id, flags, seq, payload))
    (event,) = feed(ServerSession(codecs(), greeted=True), data)
    assert isinstance(event, Call)
    return event


def joined(
    features: frozenset[str] = FEATURES, serializer: str = "serpent", **options: Any
) -> tuple[ClientSession, ServerSession]:
    """Return two sessions that have greeted each other, with *features* in force."""
    client = ClientSession(
        "demo", codecs(), serializer=serializer, features=features, beat=4.0, **options
    )
    server = ServerSession(codecs(), supported=FEATURES, beat=3.0)
    (greeting,) = feed(server, client.greet())
    feed(client, server.welcome(greeting, "hello", Metadata(frozenset({"add"}))))
    return client, server


def crossing() -> FunctionCrossing:
    """Return the functions of one end of a connection."""
    return FunctionCrossing(FunctionTable(), StubTable(RemoteFunction))


def streaming() -> tuple[Any, Any, Call]:
    """Return two sessions with an open stream, and its call."""
    client, server = joined()
    (call,) = feed(server, client.call("count", (), {}))
    data = server.flow(call)
    message = decode(data)
    assert (message.flags, message.payload, message.annotations) == (STREAM, b"", {})
    (reply,) = feed(client, data)
    assert isinstance(reply, Reply)
    assert (reply.seq, reply.flows, reply.stream) == (1, True, None)
    return client, server, call
