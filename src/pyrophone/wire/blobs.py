"""Arguments that are passed on without being read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import RemoteProtocolError, SerializeError

if TYPE_CHECKING:
    from ..serializers.base import Serializer

__all__ = ["CHUNK", "Blob", "address_blob", "read_address"]

CHUNK = "BLBI"


class Blob:
    """One argument that arrives unread, so that a dispatcher can pass it on.

    It must be the only argument of a call. The method gets a blob whose *info* is
    there and whose :attr:`value` is read when asked for; if the method passes the
    blob on, its bytes are sent as they came.

    Attributes:
        info: A small description, of plain data.
    """

    __slots__ = ("_payload", "_serializer", "_value", "info")

    def __init__(
        self,
        info: Any,
        value: Any = None,
        *,
        payload: bytes | None = None,
        serializer: Serializer | None = None,
    ) -> None:
        self.info = info
        self._value = value
        self._payload = payload
        self._serializer = serializer

    @property
    def value(self) -> Any:
        """The argument; read from the bytes each time.

        Raises:
            SerializeError: The bytes can't be read.
        """
        if self._payload is None or self._serializer is None:
            return self._value
        match self._serializer.loads(self._payload):  # not loads_call: it may be any value
            case [_, _, value, _] | {"params": value}:
                return value
        raise SerializeError("malformed call: a blob without argument")

    def __getstate__(self) -> Any:
        raise SerializeError("a blob must be the only argument of a call")

    def dump(
        self, serializer: Serializer, object_id: str, method: str
    ) -> tuple[int, bytes]:
        """Return serializer id and payload of a call that carries this blob."""
        if self._payload is not None and self._serializer is not None:
            return self._serializer.id, self._payload
        return serializer.id, serializer.dumps_call(object_id, method, self._value, {})


def address_blob(blob: Blob, marshal: Serializer, object_id: str, method: str) -> bytes:
    """Return the annotation that tells to which method *blob* goes."""
    return marshal.dumps((blob.info, object_id, method))


def read_address(
    annotations: Mapping[str, bytes], marshal: Serializer
) -> tuple[Any, str, str]:
    """Return info, object id and method from the annotation of a blob call.

    Raises:
        RemoteProtocolError: There is no such annotation, or it is something else.
        SerializeError: It can't be read.
    """
    if CHUNK not in annotations:
        raise RemoteProtocolError(f"a blob call without annotation {CHUNK}")
    match marshal.loads(annotations[CHUNK]):
        case (info, str(object_id), str(method)):
            return info, object_id, method
    raise RemoteProtocolError(f"annotation {CHUNK} is not (info, object id, method)")
