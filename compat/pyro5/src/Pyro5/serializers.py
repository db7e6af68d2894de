"""How values travel: the four serializers.

What is registered here counts for all proxies and daemons of the process.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

from pyrophone.classic.converters import ReplacingTable
from pyrophone.classic.serializers import MsgpackHooks, SharedCodecs, Standard
from pyrophone.serializers import Serializer, json, marshal, serpent

from . import errors
from .configure import global_config as config
from .converters import SerializerBase
from .tables import CLASSES

__all__ = [
    "CODECS",
    "JsonSerializer",
    "MarshalSerializer",
    "MsgpackSerializer",
    "SerializerBase",
    "SerpentSerializer",
    "all_exceptions",
    "serializers",
    "serializers_by_id",
]


class SerpentSerializer(Standard, SerializerBase):
    """Python literals, in a text."""

    name = "serpent"
    serializer_id = 1
    table = ReplacingTable(CLASSES)

    def make_codec(self) -> Serializer:
        """Return the serializer of Pyrophone that does the work."""
        return serpent.SerpentSerializer(self.table)

    def dumps(self, data: Any) -> bytes:
        """Return the bytes of a value; raises as the other serializers do."""
        self.codec.bytes_repr = config.SERPENT_BYTES_REPR
        return super().dumps(data)

    def dumpsCall(self, obj: str, method: str, vargs: Any, kwargs: Any) -> bytes:
        """Return the bytes of a call; raises as :meth:`dumps` does."""
        self.codec.bytes_repr = config.SERPENT_BYTES_REPR
        return super().dumpsCall(obj, method, vargs, kwargs)


class MarshalSerializer(Standard, SerializerBase):
    """Python's own binary format."""

    name = "marshal"
    serializer_id = 2
    table = ReplacingTable(CLASSES)

    def make_codec(self) -> Serializer:
        """Return the serializer of Pyrophone that does the work."""
        return marshal.MarshalSerializer(self.table)

    @classmethod
    def register_type_replacement(
        cls, object_type: type, replacement_function: Callable[[Any], Any]
    ) -> None:
        """Do nothing: this serializer has no replacements."""


class JsonSerializer(Standard, SerializerBase):
    """JSON."""

    name = "json"
    serializer_id = 3
    table = ReplacingTable(CLASSES)

    def make_codec(self) -> Serializer:
        """Return the serializer of Pyrophone that does the work."""
        return json.JsonSerializer(self.table)


class MsgpackSerializer(MsgpackHooks, SerializerBase):
    """MessagePack.

    Subclasses can override :meth:`default` for writing, :meth:`object_hook` and
    :meth:`ext_hook` for reading.
    """

    name = "msgpack"
    serializer_id = 4
    table = ReplacingTable(CLASSES)


serializers: dict[str, SerializerBase] = {
    kind.name: kind()
    for kind in (SerpentSerializer, MarshalSerializer, JsonSerializer, MsgpackSerializer)
}
serializers_by_id: dict[int, SerializerBase] = {
    serializer.serializer_id: serializer for serializer in serializers.values()
}
CODECS = SharedCodecs(CLASSES, serializers, serializers_by_id)


def _let_travel(kind: type[SerializerBase]) -> None:
    name = f"Pyro5.util.{kind.__name__}"  # where it was, once; part of the format
    CLASSES.register(kind, lambda serializer: {"__class__": name})
    CLASSES.register_name(name, lambda name, form: kind())


for _serializer in serializers.values():
    _let_travel(type(_serializer))

all_exceptions: dict[str, type[BaseException]] = {
    name: value
    for module in (builtins, errors)  # where both have a name, Pyro5's own counts
    for name, value in vars(module).items()
    if isinstance(value, type) and issubclass(value, BaseException)
}
