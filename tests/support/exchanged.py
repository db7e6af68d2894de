"""What two sessions say to each other that use each feature once, by messages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conversing import codecs, feed
from pyrophone.objects.functions import (
    FunctionCrossing,
    FunctionTable,
    RemoteFunction,
    StubTable,
)
from pyrophone.wire.client import ClientSession
from pyrophone.wire.features import FEATURES
from pyrophone.wire.framing import INVOKE, ONEWAY, Message
from pyrophone.wire.metadata import Metadata
from pyrophone.wire.server import ServerSession

PATH = "10.0.0.5:4711 desk.press"
BUFFER = b"{'__class__':'pyrophone.Buffer','n':0}"


def exchanged() -> Iterator[bytes]:
    """Yield the messages that ``docs/reference/wire.md`` shows, in its order."""
    client = ClientSession("demo", codecs(), features=FEATURES, beat=4.0)
    server = ServerSession(codecs(), supported=FEATURES, beat=3.0)
    for session in (client, server):
        session.crossing = FunctionCrossing(FunctionTable(), StubTable(RemoteFunction))
    yield (data := client.greet())
    (greeting,) = feed(server, data)
    yield (data := server.welcome(greeting, "hello", Metadata(frozenset({"add"}))))
    feed(client, data)

    calls = feed(server, client.call("add", (1, 2), {}) + client.call("add", (3, 4), {}))
    yield server.result(calls[1], 7)
    yield client.ping()
    yield client.pulse()
    yield (data := client.call("add", (5, 6), {}, limit=2.5, path=PATH))
    feed(server, data)
    yield client.abandon(4)
    yield from _stream(client, server)
    yield from _function(client, server)
    yield bytes(client.launch(_laden()))


def _stream(client: ClientSession, server: ServerSession) -> Iterator[bytes]:
    (call,) = feed(server, client.call("count", (), {}))
    yield (data := server.flow(call))
    feed(client, data)
    yield (data := client.credit(5, 8))
    feed(server, data)
    yield server.items(call, [1, 2])
    yield server.items(call, [], last=True)


def _function(client: ClientSession, server: ServerSession) -> Iterator[bytes]:
    yield (data := client.call("watch", (print,), {}))
    (call,) = feed(server, data)
    (function,) = call.args
    yield (data := server.call("__call__", (20.5,), {}, object_id=function.function_id))
    (inner,) = feed(client, data)
    yield client.result(inner, None)
    yield server.call("__release__", (1,), {}, ONEWAY, object_id=function.function_id)


def shown(text: str) -> list[bytes]:
    """Return the messages in a block of the page: hexadecimal digits, and quoted ASCII."""
    messages = []
    for part in text.strip().split("\n\n"):
        _, _, message = part.partition("\n")  # the first line says what it is
        pieces = re.findall(r'"([^"]*)"|([0-9a-f]+)', message)
        messages.append(b"".join(
            quoted.encode("ascii") if quoted else bytes.fromhex(digits)
            for quoted, digits in pieces
        ))  # fmt: skip
    return messages


def _laden() -> Message:
    """Return a call with so few bytes beside it as no serializer puts there."""
    serializer = codecs().by_name["serpent"]
    payload = serializer.dumps_call("demo", "put", ("BUFFER",), {})
    message = Message(INVOKE, serializer.id, 0, 0, payload.replace(b"'BUFFER'", BUFFER))
    message.lay([memoryview(b"abc")])
    return message
