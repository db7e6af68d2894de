"""Arguments that are passed on without being read."""

from __future__ import annotations

from typing import Any

from pyrophone import Blob
from pyrophone.classic.blobs import ClassicBlob

from .generation import PYRO4
from .message import Message
from .serializers import serializers_by_id

__all__ = ["SerializedBlob", "wrapped"]


class SerializedBlob(ClassicBlob):
    """One argument that is read when asked for; it must be the only one of a call."""

    __module__ = "Pyro4.core"
    generation = PYRO4

    def carried(self, info: Any, message: Any) -> Blob:
        """Return what a message carries."""
        if not isinstance(message, Message):
            raise TypeError("data should be a message object if is_blob is true")
        message.decompress_if_needed()
        serializer = serializers_by_id[message.serializer_id]
        return Blob(info, payload=bytes(message.data), serializer=serializer)


def wrapped(args: Any) -> Any:
    """Return *args* as a method of a Pyro4 program expects them."""
    if len(args) == 1 and isinstance(args[0], Blob):
        return (SerializedBlob(args[0].info, args[0], is_blob=True),)
    return args
