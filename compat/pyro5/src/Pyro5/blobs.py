"""Arguments that are passed on without being read."""

from __future__ import annotations

from typing import Any

from pyrophone import Blob
from pyrophone.wire.blobs import CHUNK, address_blob

from .border import translated
from .errors import SerializeError
from .protocol import ReceivingMessage, SendingMessage
from .serializers import SerializerBase, serializers, serializers_by_id

__all__ = ["SerializedBlob", "blob_call", "wrapped"]

_ALONE = "if SerializedBlob is used, it must be the only argument"


class SerializedBlob:
    """One argument that is read when asked for; it must be the only one of a call.

    Args:
        info: A small description of it.
        data: The argument.
        is_blob: *data* is a message that carries the argument.

    Attributes:
        info: Likewise.
    """

    __module__ = "Pyro5.client"

    def __init__(self, info: Any, data: Any, is_blob: bool = False) -> None:
        self.info = info
        if not is_blob:
            self.blob = Blob(info, data)
        elif isinstance(data, (ReceivingMessage, SendingMessage)):
            self.blob = _blob_of(info, data)
        elif isinstance(data, Blob):
            self.blob = data
        else:
            raise TypeError("data should be a protocol message object if is_blob is true")

    def deserialized(self) -> Any:
        """Return the argument."""
        with translated():
            return self.blob.value

    def __getstate__(self) -> Any:
        raise SerializeError(_ALONE)


def _blob_of(info: Any, message: ReceivingMessage | SendingMessage) -> Blob:
    if isinstance(message, SendingMessage):
        sent = message.data
        message = ReceivingMessage(sent[:40], sent[40:])
    serializer = serializers_by_id[message.serializer_id]
    return Blob(info, payload=bytes(message.data), serializer=serializer)


def blob_call(
    serializer: SerializerBase, object_id: str, method: str, args: Any, kwargs: Any
) -> tuple[int, bytes, dict[str, bytes]] | None:
    """Return serializer id, payload and annotations of a call; None if it has no blob.

    Raises:
        SerializeError: The blob is not alone.
    """
    if not any(isinstance(arg, SerializedBlob) for arg in args):
        return None
    if len(args) != 1 or kwargs:
        raise SerializeError(_ALONE)
    blob = args[0].blob
    serializer_id, payload = blob.dump(serializer, object_id, method)
    address = address_blob(blob, serializers["marshal"], object_id, method)
    return serializer_id, payload, {CHUNK: address}


def wrapped(args: Any) -> Any:
    """Return *args* as a method of a Pyro5 program expects them."""
    if len(args) == 1 and isinstance(args[0], Blob):
        return (SerializedBlob(args[0].info, args[0], is_blob=True),)
    return args
