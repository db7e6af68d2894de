"""How values travel: four safe serializers, and those that run what they read.

What is registered here counts for all proxies and daemons of the process.
"""

from __future__ import annotations

import builtins
import datetime
import decimal
import json as stdlib_json
import marshal as stdlib_marshal
from collections import deque
from collections.abc import Callable, ItemsView, Iterable, KeysView, Mapping, ValuesView
from typing import Any, ClassVar

from pyrophone import errors as ours
from pyrophone.classic.serializers import MsgpackHooks, SharedCodecs, Standard
from pyrophone.serializers import Serializer, json, marshal, serpent
from pyrophone.serializers.classes import Failure
from pyrophone.serializers.codecs import Codecs

from . import errors
from .converters import PickyTable, SerializerBase, SerpentTable
from .pickles import (
    CloudpickleSerializer,
    DillSerializer,
    PickleSerializer,
    Pickling,
    available,
    unsendable,
)
from .tables import CLASSES

__all__ = [
    "CODECS",
    "CloudpickleSerializer",
    "DillSerializer",
    "JsonSerializer",
    "MarshalSerializer",
    "MsgpackSerializer",
    "PickleSerializer",
    "SerializerBase",
    "SerpentSerializer",
    "accepted",
    "all_exceptions",
    "get_serializer",
    "get_serializer_by_id",
    "serializers",
    "serializers_by_id",
]

# Pyrophone would write lists for the first three, and texts or numbers for the others.
_ONLY_SERPENT = (deque, KeysView, ValuesView, ItemsView, datetime.time, datetime.timedelta)


class SerpentSerializer(Standard, SerializerBase):
    """Python literals, in a text."""

    __module__ = "Pyro4.util"

    name = "serpent"
    serializer_id = 1
    table = SerpentTable(CLASSES)

    def make_codec(self) -> Serializer:
        """Return the serializer of Pyrophone that does the work."""
        return serpent.SerpentSerializer(self.table)


class JsonSerializer(Standard, SerializerBase):
    """JSON."""

    __module__ = "Pyro4.util"

    name = "json"
    serializer_id = 2
    table = PickyTable(*_ONLY_SERPENT)

    def make_codec(self) -> Serializer:
        """Return the serializer of Pyrophone that does the work."""
        return json.JsonSerializer(self.table)

    def default(self, obj: Any) -> Any:
        """Return what is written for an object that JSON doesn't know.

        Raises:
            SerializeError: There is nothing.
        """
        return stdlib_json.loads(self.dumps(obj))


class MarshalSerializer(Standard, SerializerBase):
    """Python's own binary format."""

    __module__ = "Pyro4.util"

    marshalable_types: ClassVar[tuple[type, ...]] = (
        *(str, int, float, type(None), bool, complex, bytes, bytearray),
        *(tuple, set, frozenset, list, dict),
    )
    name = "marshal"
    serializer_id = 3
    table = PickyTable(*_ONLY_SERPENT, datetime.date, decimal.Decimal)

    def make_codec(self) -> Serializer:
        """Return the serializer of Pyrophone that does the work."""
        return marshal.MarshalSerializer(self.table)

    def convert_obj_into_marshallable(self, obj: Any) -> Any:
        """Return what is written for an object that marshal doesn't know.

        Raises:
            SerializeError: There is nothing.
        """
        if isinstance(obj, self.marshalable_types):
            return obj
        return stdlib_marshal.loads(self.dumps(obj))

    @classmethod
    def register_type_replacement(
        cls, object_type: type, replacement_function: Callable[[Any], Any]
    ) -> None:
        """Do nothing: this serializer has no replacements."""


class MsgpackSerializer(MsgpackHooks, SerializerBase):
    """MessagePack.

    Subclasses can override :meth:`default` for writing, :meth:`object_hook` and
    :meth:`ext_hook` for reading.
    """

    __module__ = "Pyro4.util"

    name = "msgpack"
    serializer_id = 6
    table = PickyTable(*_ONLY_SERPENT)


class _Codecs(SharedCodecs):
    """Those of the process; exceptions are pickled as themselves.

    One that can't be written is replaced by another that names it.
    """

    def dump_error(
        self, serializer: Any, error: BaseException, traceback: list[str] | None
    ) -> bytes:
        """Return the bytes of *error*; never fails, whatever it holds."""
        if isinstance(serializer, Pickling):
            return serializer.dump_error(error, traceback)
        try:
            written: bytes = serializer.dumps(CLASSES.error_to_form(error, traceback))
            return written
        except (ours.SerializeError, ours.SecurityError) as problem:
            return super().dump_error(serializer, unsendable(error, problem), traceback)

    def writable(self, serializer: Any, failure: Failure, problem: Exception) -> Failure:
        """Return what is written for a failed call, if there is a *problem* with it."""
        return Failure(unsendable(failure.error, problem), failure.traceback)


_KINDS: tuple[type[Any], ...] = (
    SerpentSerializer,
    JsonSerializer,
    MarshalSerializer,
    MsgpackSerializer,
    PickleSerializer,
    *(kind for kind in (DillSerializer, CloudpickleSerializer) if available(kind.module)),
)
serializers: dict[str, SerializerBase] = {kind.name: kind() for kind in _KINDS}
serializers_by_id: dict[int, SerializerBase] = {
    serializer.serializer_id: serializer for serializer in serializers.values()
}
CODECS = _Codecs(CLASSES, serializers, serializers_by_id)


def get_serializer(name: str) -> SerializerBase:
    """Return a serializer.

    Raises:
        SerializeError: There is none of that name, or its library is not installed.
    """
    if name not in serializers:
        raise errors.SerializeError(f"serializer '{name}' is unknown or not available")
    return serializers[name]


def get_serializer_by_id(sid: int) -> SerializerBase:
    """Return the serializer with that number on the wire.

    Raises:
        SerializeError: There is none, or its library is not installed.
    """
    if sid not in serializers_by_id:
        raise errors.SerializeError(f"no serializer available for id {sid}")
    return serializers_by_id[sid]


def accepted(names: Iterable[str]) -> Codecs:
    """Return all serializers, of which those called *names* read what peers send.

    What is accepted later, or no more, makes no difference to them.

    Raises:
        SerializeError: One of them is unknown, or its library is not installed.
    """
    readers = {each.serializer_id: each for each in map(get_serializer, names)}
    codecs = _Codecs(CLASSES, serializers, readers)
    refused = {sid: each for sid, each in serializers_by_id.items() if sid not in readers}
    codecs.refused = refused
    return codecs


def _let_travel(kind: type[Any]) -> None:
    def read(name: str, form: Mapping[str, Any]) -> Any:
        return kind()

    name = f"Pyro4.util.{kind.__name__}"
    CLASSES.register(kind, lambda serializer: {"__class__": name})
    CLASSES.register_name(name, read)


for _kind in (*_KINDS[:5], DillSerializer, CloudpickleSerializer):
    _let_travel(_kind)

all_exceptions: dict[str, type[BaseException]] = {
    name: value
    for module in (builtins, errors)  # where both have a name, Pyro4's own counts
    for name, value in vars(module).items()
    if isinstance(value, type) and issubclass(value, BaseException)
}
