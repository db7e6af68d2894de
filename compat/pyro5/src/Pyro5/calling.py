"""Calls of a proxy, as messages."""

from __future__ import annotations

import copy
from typing import Any

from pyrophone.classic.calling import STREAM_CHUNK, ClassicCalling
from pyrophone.context import answered

from . import protocol
from .binding import Binding
from .callcontext import current_context
from .configure import global_config as config
from .dialing import serializer_of
from .owners import identity
from .serializers import serializers_by_id
from .streams import _StreamResultIterator

__all__ = ["Calling"]


class Calling(ClassicCalling, Binding):
    """A proxy that makes calls, without the names of what can be called."""

    _pyroStreamFlag = protocol.FLAGS_ITEMSTREAMRESULT
    _pyroBlobFlag = protocol.FLAGS_KEEPSERIALIZED
    _pyroStreamClass = _StreamResultIterator

    def _pyroInvoke(
        self, methodname: str, vargs: Any, kwargs: Any, flags: int = 0, objectId: Any = None
    ) -> Any:
        """Call a method; return its result. May be overridden."""
        with self._pyroGuard():
            if self._pyroConnection is None:
                self._pyroOpen()
            if methodname in self._pyroOneway:
                flags |= protocol.FLAGS_ONEWAY
            with current_context.outgoing():
                chunks = current_context.annotations
                reply = self._pyroExchange(
                    self._pyroRequest(methodname, vargs, kwargs, flags, objectId, chunks)
                )
                if reply is None:
                    return None
                back = reply.annotations.items()
                answered({name: data for name, data in back if name != STREAM_CHUNK})
            return reply if self._pyroRawWireResponse else self._pyroUnwrap(reply)

    def _pyroCodec(self, key: str | int | None) -> Any:
        if isinstance(key, int):
            return serializers_by_id[key]
        return serializer_of(key or self._pyroSerializer)

    def _pyroMessage(
        self, kind: int, flags: int, seq: int, serializer_id: int, data: bytes, chunks: Any
    ) -> protocol.SendingMessage:
        return protocol.SendingMessage(kind, flags, seq, serializer_id, data, chunks)

    def _pyroSend(self, message: protocol.SendingMessage) -> None:
        if config.LOGWIRE:
            protocol.log_wiredata(self._pyroLog, "proxy wiredata sending", message)
        self._pyroConnection.send(message.data)

    def _pyroReceive(self, kind: int) -> protocol.ReceivingMessage:
        message = protocol.recv_stub(self._pyroConnection, [kind])
        if config.LOGWIRE:
            protocol.log_wiredata(self._pyroLog, "proxy wiredata received", message)
        return message

    def _pyroIsFree(self) -> bool:
        self._pyroLookAround()
        return not self._pyroSending and bool(self._pyroOwner == identity())

    def _pyroTwin(self) -> Any:
        return copy.copy(self)
