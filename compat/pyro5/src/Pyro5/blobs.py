"""Arguments that are passed on without being read."""

from __future__ import annotations

from typing import Any

from pyrophone import Blob

from .border import translated
from .errors import SerializeError

__all__ = ["SerializedBlob", "unwrapped", "wrapped"]


class SerializedBlob:
    """One argument that is read when asked for; it must be the only one of a call.

    Attributes:
        info: A small description of it.
    """

    def __init__(self, info: Any, data: Any, is_blob: bool = False) -> None:
        if is_blob and not isinstance(data, Blob):
            raise TypeError("data should be a blob that was received")
        self.info = info
        self.blob = data if is_blob else Blob(info, data)

    def deserialized(self) -> Any:
        """Return the argument."""
        with translated():
            return self.blob.value


def unwrapped(args: Any, kwargs: Any) -> Any:
    """Return *args* as Pyrophone sends them, a blob among them as one of its own."""
    if not any(isinstance(arg, SerializedBlob) for arg in args):
        return args
    if len(args) != 1 or kwargs:
        raise SerializeError("if SerializedBlob is used, it must be the only argument")
    return (args[0].blob,)


def wrapped(args: Any) -> Any:
    """Return *args* as a method of a Pyro5 program expects them."""
    if len(args) == 1 and isinstance(args[0], Blob):
        return (SerializedBlob(args[0].info, args[0], is_blob=True),)
    return args
