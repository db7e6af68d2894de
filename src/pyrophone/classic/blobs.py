"""Arguments that are passed on without being read."""

from __future__ import annotations

from typing import Any, ClassVar

from ..wire.blobs import CHUNK, Blob, address_blob
from .generation import Generation

__all__ = ["ClassicBlob", "blob_call"]

_ALONE = "if SerializedBlob is used, it must be the only argument"


class ClassicBlob:
    """One argument that is read when asked for; it must be the only one of a call.

    Args:
        info: A small description of it.
        data: The argument.
        is_blob: *data* is a message that carries the argument.

    Attributes:
        info: Likewise.
        blob: The same, as Pyrophone has it.
    """

    generation: ClassVar[Generation]

    def __init__(self, info: Any, data: Any, is_blob: bool = False) -> None:
        self.info = info
        if not is_blob:
            self.blob = Blob(info, data)
        elif isinstance(data, Blob):
            self.blob = data
        else:
            self.blob = self.carried(info, data)

    def carried(self, info: Any, message: Any) -> Blob:
        """Return what a message carries.

        Raises:
            TypeError: It is none.
        """
        raise NotImplementedError

    def deserialized(self) -> Any:
        """Return the argument."""
        with self.generation.translated():
            return self.blob.value

    def __getstate__(self) -> Any:
        raise self.generation.errors.SerializeError(_ALONE)


def blob_call(
    generation: Generation,
    serializer: Any,
    marshal: Any,
    object_id: str,
    method: str,
    args: Any,
    kwargs: Any,
) -> tuple[int, bytes, dict[str, bytes]] | None:
    """Return serializer id, payload and annotations of a call; None if it has no blob.

    Args:
        generation: Whose programs make the call.
        serializer: What they write it with.
        marshal: What the blob's address is written with.
        object_id: The callee.
        method: Its method.
        args: Positional arguments.
        kwargs: Keyword arguments, or None.

    Raises:
        SerializeError: The blob is not alone.
    """
    if not any(isinstance(arg, ClassicBlob) for arg in args):
        return None
    if len(args) != 1 or kwargs:
        raise generation.errors.SerializeError(_ALONE)
    blob = args[0].blob
    serializer_id, payload = blob.dump(serializer, object_id, method)
    return serializer_id, payload, {CHUNK: address_blob(blob, marshal, object_id, method)}
