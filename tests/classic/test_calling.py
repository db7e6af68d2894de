"""A call is one message there and one back, whatever goes wrong."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from Pyro5 import errors
from Pyro5.generation import PYRO5
from pyrophone.classic.calling import ClassicCalling
from pyrophone.classic.streams import StreamIterator
from pyrophone.classic.uris import ClassicURI
from pyrophone.serializers import ClassTable, make_serializers

CODECS = make_serializers(ClassTable())
STREAM, BLOB = 16, 32


class Address(ClassicURI):
    """A URI of some generation."""

    generation = PYRO5


class Items(StreamIterator):
    """The stream of some generation."""

    generation = PYRO5


class Codec:
    """The JSON of some generation."""

    serializer_id = 9

    def dumpsCall(self, *call: Any) -> bytes:
        """Return the bytes of a call."""
        return CODECS["json"].dumps_call(*call)

    def loads(self, data: bytes) -> Any:
        """Return the value of bytes."""
        if data == b"secret":
            raise errors.SecurityError("no")
        if data == b"error":
            return ValueError("remote")
        if data == b"guard":
            return errors.SecurityError("remote")
        if data == b"unwritten":
            return errors.SerializeError("remote")
        return CODECS["json"].loads(data)


class Plug:
    """Stands in for a connection."""

    objectId = "thing"
    is_ours = False
    keep_open = False

    def close(self) -> None:
        """Do nothing."""


class Stub(ClassicCalling):
    """A proxy whose messages are namespaces."""

    _pyroGeneration = PYRO5
    _pyroLog = logging.getLogger("test")
    _pyroStreamFlag = STREAM
    _pyroBlobFlag = BLOB
    _pyroStreamClass = Items

    def __init__(self, *replies: Any, free: bool = True) -> None:
        self._pyroSetUp(Address("PYRO:thing@host:1"))
        self._pyroConnection = Plug()
        self.replies = list(replies)
        self.sent: list[Any] = []
        self.free = free
        self.twin: Any = None

    def _pyroGuard(self) -> AbstractContextManager[object]:
        return nullcontext()

    def _pyroOpen(self) -> Any:
        self._pyroConnection = Plug()
        return self._pyroUri

    def _pyroInvoke(
        self, methodname: str, vargs: Any, kwargs: Any, flags: int = 0, objectId: Any = None
    ) -> Any:
        request = self._pyroRequest(methodname, vargs, kwargs, flags, objectId, {})
        reply = self._pyroExchange(request)
        return None if reply is None else self._pyroUnwrap(reply)

    def _pyroCodec(self, key: str | int | None) -> Any:
        return CODECS["marshal"] if key == "marshal" else Codec()

    def _pyroMessage(
        self, kind: int, flags: int, seq: int, serializer_id: int, data: bytes, chunks: Any
    ) -> Any:
        return SimpleNamespace(
            kind=kind, flags=flags, seq=seq, serializer_id=serializer_id, data=data
        )

    def _pyroSend(self, message: Any) -> None:
        self.sent.append(message)

    def _pyroReceive(self, kind: int) -> Any:
        data, changes = self.replies.pop(0)
        if isinstance(data, BaseException):
            raise data
        seq = self.sent[-1].seq
        reply = {"flags": 0, "seq": seq, "serializer_id": 9, "annotations": {}}
        return SimpleNamespace(**{**reply, "data": data, **changes})

    def _pyroIsFree(self) -> bool:
        return self.free

    def _pyroTwin(self) -> Any:
        self.twin = Stub()
        self.twin._pyroConnection = None
        return self.twin


def invoke(data: Any, **changes: Any) -> tuple[Stub, Any]:
    """Return a proxy, and what a call of it gave."""
    proxy = Stub((data, changes))
    return proxy, proxy._pyroInvoke("add", (1,), {"b": 2})


def test_a_call_is_numbered_and_its_answer_read() -> None:
    proxy, value = invoke(b"3")
    (request,) = proxy.sent
    assert (value, request.seq, request.kind, request.flags) == (3, 1, 4, 0)
    assert CODECS["json"].loads_call(request.data) == ("thing", "add", [1], {"b": 2})
    proxy._pyroSeq = 65535
    proxy.replies.append((b"4", {}))
    proxy._pyroInvoke("add", (), {})
    assert proxy._pyroSeq == 0


@pytest.mark.parametrize(
    ("data", "changes", "error"),
    [
        (b"3", {"seq": 99}, errors.ProtocolError),
        (b"3", {"serializer_id": 8}, errors.SerializeError),
        (KeyboardInterrupt(), {}, KeyboardInterrupt),
        (errors.TimeoutError("late"), {}, errors.TimeoutError),
        (b"secret", {}, errors.SecurityError),
        (b"guard", {"flags": 1}, errors.SecurityError),
        (b"unwritten", {"flags": 1}, errors.SerializeError),
        (b"3", {"flags": STREAM}, errors.ProtocolError),
    ],
)
def test_what_spoils_the_connection_drops_it(
    data: Any, changes: Any, error: type[BaseException]
) -> None:
    proxy = Stub((data, changes))
    with pytest.raises(error):
        proxy._pyroInvoke("add", (), {})
    assert (proxy._pyroConnection, proxy._pyroSending) == (None, False)


def test_what_a_method_raises_does_not() -> None:
    proxy = Stub((b"error", {"flags": 1}))
    with pytest.raises(ValueError, match="remote"):
        proxy._pyroInvoke("add", (), {})
    assert proxy._pyroConnection is not None
    with pytest.raises(errors.ProtocolError, match="int came in place of an exception"):
        invoke(b"3", flags=1)


def test_a_connection_that_was_given_is_kept_whatever_the_daemon_says() -> None:
    proxy = Stub((b"unwritten", {"flags": 1}))
    proxy._pyroConnection.keep_open = True
    with pytest.raises(errors.SerializeError, match="remote"):
        proxy._pyroInvoke("add", (), {})
    assert proxy._pyroConnection is not None


def test_a_stream_gives_its_items_through_the_proxy() -> None:
    proxy, items = invoke(b"", flags=STREAM, annotations={"STRM": b"id"})
    assert isinstance(items, Items)
    assert (items.streamId, items.proxy) == ("id", proxy)


def test_members_are_asked_for_or_given() -> None:
    names = {"methods": ["add"], "oneway": [], "attrs": ["x"]}
    proxy = Stub((CODECS["json"].dumps(names), {}))
    proxy._pyroGetMetadata()
    assert (proxy._pyroMethods, proxy._pyroAttrs) == ({"add"}, {"x"})
    call: Any = ("Pyro.Daemon", "get_metadata", ["thing"], {})
    assert CODECS["json"].loads_call(proxy.sent[0].data) == call
    proxy._pyroGetMetadata(known_metadata={**names, "methods": ["other"]})
    assert (proxy._pyroMethods, len(proxy.sent)) == ({"other"}, 1)


def test_a_batch_is_one_call() -> None:
    proxy = Stub((b"[1]", {}))
    assert proxy._pyroInvokeBatch([("add", (), {})]) == [1]
    assert proxy._pyroInvokeBatch([("add", (), {})], True) is None
    assert [request.flags for request in proxy.sent] == [8, 12]


def test_what_nobody_waits_for_goes_over_a_free_connection() -> None:
    proxy = Stub()
    proxy._pyroTell("close_stream", ["id"], "Pyro.Daemon")
    assert [request.flags for request in proxy.sent] == [4]
    busy = Stub(free=False)
    busy._pyroTell("close_stream", ["id"], "Pyro.Daemon")
    assert (busy.sent, len(busy.twin.sent), busy.twin._pyroConnection) == ([], 1, None)
    assert busy.twin._pyroTimeout == 30
