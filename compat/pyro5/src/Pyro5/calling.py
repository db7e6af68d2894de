"""Calls of a proxy, as messages."""

from __future__ import annotations

import copy
import logging
from typing import Any

from pyrophone.classic.blobs import blob_call
from pyrophone.context import answered
from pyrophone.objects.table import DAEMON_ID
from pyrophone.wire.metadata import Metadata

from . import protocol
from .binding import Binding
from .border import translated
from .callcontext import current_context
from .configure import global_config as config
from .dialing import serializer_of
from .errors import ProtocolError, SecurityError, SerializeError
from .generation import PYRO5
from .owners import identity
from .serializers import serializers, serializers_by_id
from .streams import _StreamResultIterator

__all__ = ["Calling"]

_LOG = logging.getLogger("Pyro5.client")
_STREAM_CHUNK = "STRM"
_TELLING = 30.0  # seconds for a connection that nobody would notice to hang


class Calling(Binding):
    """A proxy that makes calls, without the names of what can be called."""

    def _pyroInvoke(
        self, methodname: str, vargs: Any, kwargs: Any, flags: int = 0, objectId: Any = None
    ) -> Any:
        """Call a method; return its result. May be overridden."""
        self._pyroCheckOwner()
        if self._pyroConnection is None:
            self._pyroOpen()
        if methodname in self._pyroOneway:
            flags |= protocol.FLAGS_ONEWAY
        with current_context.outgoing():
            annotations = current_context.annotations
            request = self._pyroRequest(
                methodname, vargs, kwargs, flags, objectId, annotations
            )
            reply = self._pyroExchange(request)
            if reply is None:
                return None
            stream = reply.annotations.get(_STREAM_CHUNK)
            answered({k: v for k, v in reply.annotations.items() if k != _STREAM_CHUNK})
        return reply if self._pyroRawWireResponse else self._pyroUnwrap(reply, stream)

    def _pyroInvokeBatch(self, calls: Any, oneway: bool = False) -> Any:
        """Make many calls in one message; return their results."""
        flags = protocol.FLAGS_BATCH | protocol.FLAGS_ONEWAY * oneway
        return self._pyroInvoke("<batch>", calls, None, flags)

    def _pyroGetMetadata(
        self, objectId: str | None = None, known_metadata: Any = None
    ) -> None:
        """Ask the daemon for the names of the members, or take those that are known."""
        if not known_metadata:
            if self._pyroConnection is None and objectId is None:
                self._pyroOpen()
                return
            object_id = objectId or self._pyroUri.object
            _LOG.debug("getting metadata for object %s", object_id)
            known_metadata = self._pyroInvoke(
                "get_metadata", [object_id], {}, objectId=DAEMON_ID
            )
        with translated():
            metadata = Metadata.from_wire(known_metadata)
        self._pyroTakeMetadata(metadata)

    def _pyroTell(self, method: str, args: Any, objectId: str) -> None:
        """Call a method without waiting, past the context.

        That may happen whenever Python tidies up, in any thread, also while this proxy
        sends something else; then it takes a connection of its own.
        """
        if not self._pyroIsFree():
            with copy.copy(self) as other:
                other._pyroTimeout = other._pyroLimit or _TELLING
                other._pyroBind()
                other._pyroTell(method, args, objectId)
            return
        flags = protocol.FLAGS_ONEWAY
        self._pyroExchange(self._pyroRequest(method, args, {}, flags, objectId, None))

    def _pyroIsFree(self) -> bool:
        """Tell whether this thread may use the connection now."""
        return not self._pyroSending and bool(self._pyroOwner == identity())

    def _pyroRequest(
        self,
        method: str,
        args: Any,
        kwargs: Any,
        flags: int,
        objectId: str | None,
        annotations: Any,
    ) -> protocol.SendingMessage:
        """Return the message of a call."""
        if objectId is None:
            objectId = getattr(self._pyroConnection, "objectId", self._pyroUri.object)
        serializer = serializer_of(self._pyroSerializer)
        marshal = serializers["marshal"]
        call = blob_call(PYRO5, serializer, marshal, objectId, method, args, kwargs)
        if call is not None:
            serializer_id, payload, address = call
            flags |= protocol.FLAGS_KEEPSERIALIZED
            annotations = {**annotations, **address}
        else:
            serializer_id = serializer.serializer_id
            payload = serializer.dumpsCall(objectId, method, args, kwargs)
        seq = (self._pyroSeq + 1) & 0xFFFF
        message = protocol.SendingMessage(
            protocol.MSG_INVOKE, flags, seq, serializer_id, payload, annotations
        )
        self._pyroSeq = seq
        return message

    def _pyroExchange(
        self, request: protocol.SendingMessage
    ) -> protocol.ReceivingMessage | None:
        """Send a message; return what comes back, None if it is one-way."""
        connection = self._pyroConnection
        self._pyroSending = True
        try:
            if config.LOGWIRE:
                protocol.log_wiredata(_LOG, "proxy wiredata sending", request)
            connection.send(request.data)
            if request.flags & protocol.FLAGS_ONEWAY:
                return None
            reply = protocol.recv_stub(connection, [protocol.MSG_RESULT])
            if config.LOGWIRE:
                protocol.log_wiredata(_LOG, "proxy wiredata received", reply)
            _check(request, reply)
        except BaseException:  # a late reply must not be taken for that of another call
            self._pyroDrop()
            raise
        finally:
            self._pyroSending = False
        return reply

    def _pyroUnwrap(self, reply: protocol.ReceivingMessage, stream: Any) -> Any:
        if reply.flags & protocol.FLAGS_ITEMSTREAMRESULT:
            if not stream:
                self._pyroDrop()
                raise ProtocolError(
                    "result of call is an iterator, but the server is not configured "
                    "to allow streaming"
                )
            return _StreamResultIterator(bytes(stream).decode("ascii", "replace"), self)
        try:
            value = serializers_by_id[reply.serializer_id].loads(reply.data)
        except (SerializeError, SecurityError):
            self._pyroDropStrangers()
            raise
        if not reply.flags & protocol.FLAGS_EXCEPTION:
            return value
        if isinstance(value, SecurityError):
            self._pyroDropStrangers()
        if not isinstance(value, BaseException):
            kind = type(value).__name__
            raise ProtocolError(f"{kind} came in place of an exception")
        try:
            with translated():
                raise value
        finally:
            del value  # or the error, by its traceback, would keep itself and the proxy

    def _pyroDropStrangers(self) -> None:
        """Close the connection to a genuine Pyro5, which closes it without a word now."""
        if not getattr(self._pyroConnection, "is_ours", False):
            self._pyroDrop()


def _check(request: protocol.SendingMessage, reply: protocol.ReceivingMessage) -> None:
    if reply.seq != request.seq:
        raise ProtocolError(
            f"invoke: reply sequence out of sync, got {reply.seq} expected {request.seq}"
        )
    if reply.serializer_id != request.serializer_id:
        raise SerializeError(f"invalid serializer in response: {reply.serializer_id}")
