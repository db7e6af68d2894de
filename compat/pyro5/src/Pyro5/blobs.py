"""Arguments that are passed on without being read."""

from __future__ import annotations

from typing import Any

from pyrophone import Blob
from pyrophone.classic.blobs import ClassicBlob

from .generation import PYRO5
from .protocol import ReceivingMessage, SendingMessage
from .serializers import serializers_by_id

__all__ = ["SerializedBlob", "wrapped"]


class SerializedBlob(ClassicBlob):
    """One argument that is read when asked for; it must be the only one of a call."""

    __module__ = "Pyro5.client"
    generation = PYRO5

    def carried(self, info: Any, message: Any) -> Blob:
        """Return what a message carries."""
        if isinstance(message, SendingMessage):
            sent = message.data
            message = ReceivingMessage(sent[:40], sent[40:])
        if not isinstance(message, ReceivingMessage):
            raise TypeError("data should be a protocol message object if is_blob is true")
        serializer = serializers_by_id[message.serializer_id]
        return Blob(info, payload=bytes(message.data), serializer=serializer)


def wrapped(args: Any) -> Any:
    """Return *args* as a method of a Pyro5 program expects them."""
    if len(args) == 1 and isinstance(args[0], Blob):
        return (SerializedBlob(args[0].info, args[0], is_blob=True),)
    return args
