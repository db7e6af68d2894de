"""Calls of a proxy, as messages."""

from __future__ import annotations

from typing import Any, ClassVar

from ..objects.table import DAEMON_ID
from ..wire.framing import BATCH, EXCEPTION, INVOKE, ONEWAY, RESULT
from ..wire.metadata import Metadata
from .binding import ClassicBinding
from .blobs import blob_call
from .streams import StreamIterator

__all__ = ["STREAM_CHUNK", "ClassicCalling"]

STREAM_CHUNK = "STRM"
_TELLING = 30.0  # seconds for a connection that nobody would notice to hang


class ClassicCalling(ClassicBinding):
    """A proxy that makes calls, without the names of what can be called.

    Attributes:
        _pyroStreamFlag: Of a result that is a stream.
        _pyroBlobFlag: Of a request with a blob.
        _pyroStreamClass: What gives the items of a stream.
    """

    _pyroStreamFlag: ClassVar[int]
    _pyroBlobFlag: ClassVar[int]
    _pyroStreamClass: ClassVar[type[StreamIterator]]

    # What each generation does in its own way.

    def _pyroInvoke(
        self, methodname: str, vargs: Any, kwargs: Any, flags: int = 0, objectId: Any = None
    ) -> Any:
        """Call a method; return its result. May be overridden."""
        raise NotImplementedError

    def _pyroCodec(self, key: str | int | None) -> Any:
        """Return the serializer of a name or number; None is that of this proxy."""
        raise NotImplementedError

    def _pyroMessage(
        self, kind: int, flags: int, seq: int, serializer_id: int, data: bytes, chunks: Any
    ) -> Any:
        """Return a message; it has ``seq``, ``flags`` and ``serializer_id``."""
        raise NotImplementedError

    def _pyroSend(self, message: Any) -> None:
        """Send a message."""
        raise NotImplementedError

    def _pyroReceive(self, kind: int) -> Any:
        """Return the next message, which must be of that kind, its data inflated."""
        raise NotImplementedError

    def _pyroIsFree(self) -> bool:
        """Tell whether this thread may use the connection now, without waiting."""
        raise NotImplementedError

    def _pyroTwin(self) -> Any:
        """Return a proxy for the same object, not connected."""
        raise NotImplementedError

    # What all have.

    def _pyroInvokeBatch(self, calls: Any, oneway: bool = False) -> Any:
        """Make many calls in one message; return their results."""
        return self._pyroInvoke("<batch>", calls, None, BATCH | ONEWAY * oneway)

    def _pyroGetMetadata(
        self, objectId: str | None = None, known_metadata: Any = None
    ) -> None:
        """Ask the daemon for the names of the members, or take those that are known."""
        if not known_metadata:
            if self._pyroConnection is None and objectId is None:
                self._pyroOpen()
                return
            object_id = objectId or self._pyroUri.object
            self._pyroLog.debug("getting metadata for object %s", object_id)
            known_metadata = self._pyroInvoke(
                "get_metadata", [object_id], {}, objectId=DAEMON_ID
            )
        with self._pyroGeneration.translated():
            metadata = Metadata.from_wire(known_metadata)
        self._pyroTakeMetadata(metadata)

    def _pyroTell(self, method: str, args: Any, objectId: str) -> None:
        """Call a method without waiting, past the context.

        That may happen whenever Python tidies up, in any thread, also while this proxy
        sends something else; then it takes a connection of its own.
        """
        if self._pyroIsFree():
            chunks = self._pyroQuietly()
            self._pyroExchange(
                self._pyroRequest(method, args, {}, ONEWAY, objectId, chunks)
            )
        else:
            self._pyroTellApart(method, args, objectId)

    def _pyroQuietly(self) -> dict[str, bytes]:
        """Return the annotations of what is told; no call is to miss them later."""
        return {}

    def _pyroTellApart(self, method: str, args: Any, objectId: str) -> None:
        """Do what :meth:`_pyroTell` does, over a connection of its own."""
        with self._pyroTwin() as other:
            other._pyroTimeout = other._pyroLimit or _TELLING
            other._pyroBind()
            other._pyroTell(method, args, objectId)

    def _pyroRequest(
        self,
        method: str,
        args: Any,
        kwargs: Any,
        flags: int,
        objectId: str | None,
        chunks: Any,
    ) -> Any:
        """Return the message of a call."""
        if objectId is None:
            own = getattr(self._pyroConnection, "objectId", None)
            objectId = self._pyroUri.object if own is None else own
        codec, marshal = self._pyroCodec(None), self._pyroCodec("marshal")
        what = (objectId, method, args, kwargs)
        call = blob_call(self._pyroGeneration, codec, marshal, *what)
        if call is not None:
            serializer_id, payload, address = call
            flags |= self._pyroBlobFlag
            chunks = {**chunks, **address}
        else:
            serializer_id = codec.serializer_id
            payload = codec.dumpsCall(objectId, method, args, kwargs)
        seq = (self._pyroSeq + 1) & 0xFFFF
        message = self._pyroMessage(INVOKE, flags, seq, serializer_id, payload, chunks)
        self._pyroSeq = seq
        return message

    def _pyroExchange(self, request: Any) -> Any:
        """Send a message; return what comes back, None if it is one-way."""
        self._pyroSending = True
        try:
            self._pyroSend(request)
            if request.flags & ONEWAY:
                return None
            reply = self._pyroReceive(RESULT)
            self._pyroCheck(request, reply)
        except BaseException:  # a late reply must not be taken for that of another call
            self._pyroDrop()
            raise
        finally:
            self._pyroSending = False
        return reply

    def _pyroCheck(self, request: Any, reply: Any) -> None:
        errors = self._pyroGeneration.errors
        if reply.seq != request.seq:
            raise errors.ProtocolError(
                f"invoke: reply sequence out of sync, got {reply.seq} expected "
                f"{request.seq}"
            )
        if reply.serializer_id != request.serializer_id:
            raise errors.SerializeError(
                f"invalid serializer in response: {reply.serializer_id}"
            )

    def _pyroUnwrap(self, reply: Any) -> Any:
        """Return the value of a reply.

        Raises:
            BaseException: The reply is one.
        """
        errors = self._pyroGeneration.errors
        if reply.flags & self._pyroStreamFlag:
            return self._pyroStream(reply.annotations.get(STREAM_CHUNK))
        try:
            value = self._pyroCodec(reply.serializer_id).loads(reply.data)
        except (errors.SerializeError, errors.SecurityError):
            self._pyroDropStrangers()
            raise
        if not reply.flags & EXCEPTION:
            return value
        if isinstance(value, (errors.SerializeError, errors.SecurityError)):
            self._pyroDropStrangers()
        if not isinstance(value, BaseException):
            kind = type(value).__name__
            raise errors.ProtocolError(f"{kind} came in place of an exception")
        try:
            with self._pyroGeneration.translated():
                raise value
        finally:
            del value  # or the error, by its traceback, would keep itself and the proxy

    def _pyroStream(self, identifier: Any) -> StreamIterator:
        if not identifier:
            self._pyroDrop()
            raise self._pyroGeneration.errors.ProtocolError(
                "result of call is an iterator, but the server is not configured "
                "to allow streaming"
            )
        return self._pyroStreamClass(bytes(identifier).decode("ascii", "replace"), self)

    def _pyroDropStrangers(self) -> None:
        """Close the connection to a genuine daemon, which closes it without a word now.

        One that was given stays: there is no other way to the daemon.
        """
        line = self._pyroConnection
        if not getattr(line, "is_ours", False) and not getattr(line, "keep_open", False):
            self._pyroDrop()
