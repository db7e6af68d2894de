"""Calls of a proxy, as messages."""

from __future__ import annotations

from typing import Any

from pyrophone.classic.calling import ClassicCalling

from . import message
from .binding import Binding
from .callcontext import current_context
from .configuration import config
from .dialing import log_message, write
from .message import Message
from .serializers import get_serializer, get_serializer_by_id
from .streams import _StreamResultIterator

__all__ = ["Calling"]


class Calling(ClassicCalling, Binding):
    """A proxy that makes calls, without the names of what can be called."""

    _pyroStreamFlag = message.FLAGS_ITEMSTREAMRESULT
    _pyroBlobFlag = message.FLAGS_KEEPSERIALIZED
    _pyroStreamClass = _StreamResultIterator

    def _pyroInvoke(
        self, methodname: str, vargs: Any, kwargs: Any, flags: int = 0, objectId: Any = None
    ) -> Any:
        """Call a method; return its result. May be overridden."""
        with self._pyroGuard():
            current_context.response_annotations = {}
            if self._pyroConnection is None:
                self._pyroOpen()
            if methodname in self._pyroOneway:
                flags |= message.FLAGS_ONEWAY
            chunks = self._pyroChunks()
            current_context.annotations = {}
            reply = self._pyroExchange(
                self._pyroRequest(methodname, vargs, kwargs, flags, objectId, chunks)
            )
            if reply is None:
                return None
            if reply.annotations:
                current_context.response_annotations = dict(reply.annotations)
                self._pyroResponseAnnotations(reply.annotations, reply.type)
            return reply if self._pyroRawWireResponse else self._pyroUnwrap(reply)

    def _pyroGetMetadata(
        self, objectId: str | None = None, known_metadata: Any = None
    ) -> None:
        """Ask the daemon for the names of the members, or take those that are known."""
        with self._pyroGuard():
            if self._pyroConnection is None and not objectId and not known_metadata:
                self._pyroOpen()
                if config.METADATA:  # then they came with the greeting
                    return
            super()._pyroGetMetadata(objectId, known_metadata)

    def _pyroTell(self, method: str, args: Any, objectId: str) -> None:
        if self._pyroIsFree() and self._pyroLock.acquire(blocking=False):
            try:
                super()._pyroTell(method, args, objectId)
            finally:
                self._pyroLock.release()
        else:
            self._pyroTellApart(method, args, objectId)

    def _pyroQuietly(self) -> dict[str, bytes]:
        return current_context.identification()

    def _pyroIsFree(self) -> bool:
        self._pyroGuard()
        if self._pyroSending or not self._pyroLock.acquire(blocking=False):
            return False
        self._pyroLock.release()
        return True

    def _pyroCodec(self, key: str | int | None) -> Any:
        if isinstance(key, int):
            return get_serializer_by_id(key)
        return get_serializer(key or self._pyroSerializer or config.SERIALIZER)

    def _pyroMessage(
        self, kind: int, flags: int, seq: int, serializer_id: int, data: bytes, chunks: Any
    ) -> Message:
        return write(kind, flags, seq, serializer_id, data, chunks, self._pyroHmacKey)

    def _pyroSend(self, message: Message) -> None:
        log_message("proxy wiredata sending", message)
        self._pyroConnection.send(message.to_bytes())

    def _pyroReceive(self, kind: int) -> Message:
        reply = Message.recv(self._pyroConnection, [kind], hmac_key=self._pyroHmacKey)
        reply.decompress_if_needed()
        log_message("proxy wiredata received", reply)
        return reply
