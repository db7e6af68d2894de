"""How values travel: the four serializers.

What is registered here counts for all proxies and daemons of the process.
"""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable, MutableMapping
from typing import Any

import pyrophone.serializers.json
import pyrophone.serializers.marshal
import pyrophone.serializers.msgpack
import pyrophone.serializers.serpent
from pyrophone.errors import PyrophoneError, SecurityError, SerializeError
from pyrophone.serializers import Serializer
from pyrophone.serializers.codecs import Codecs

from . import errors
from .border import refusal
from .configure import global_config as config
from .converters import ReplacingTable, SerializerBase
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


class _Standard(SerializerBase):
    """One of Pyrophone's serializers, with the names and errors of Pyro5."""

    __slots__ = ("_codec",)  # not in vars(), by which serializers are compared

    def __init__(self) -> None:
        self._codec: Any = self._make()

    def _make(self) -> Serializer:
        raise NotImplementedError

    def dumps(self, data: Any) -> bytes:
        """Return the bytes of a value.

        Raises:
            SerializeError: Something in it can't travel.
        """
        try:
            written: bytes = self._codec.dumps(data)
            return written
        except PyrophoneError as error:
            raise refusal(error) from error.__cause__

    def loads(self, data: Any) -> Any:
        """Return the value of bytes.

        Raises:
            SecurityError: There is a class in it that must not be made.
            SerializeError: They can't be read.
        """
        try:
            return self._codec.loads(data)
        except PyrophoneError as error:
            raise refusal(error) from error.__cause__

    def dumpsCall(self, obj: str, method: str, vargs: Any, kwargs: Any) -> bytes:
        """Return the bytes of a call; raises as :meth:`dumps` does."""
        try:
            written: bytes = self._codec.dumps_call(obj, method, vargs, kwargs)
            return written
        except PyrophoneError as error:
            raise refusal(error) from error.__cause__

    def loadsCall(self, data: Any) -> Any:
        """Return the four parts of a call; raises as :meth:`loads` does."""
        try:
            return self._codec.loads_call(data)
        except PyrophoneError as error:
            raise refusal(error) from error.__cause__

    @classmethod
    def register_type_replacement(
        cls, object_type: type, replacement_function: Callable[[Any], Any]
    ) -> None:
        """Write objects of exactly *object_type* as what the function gives for them.

        Raises:
            ValueError: It is no class, or the class of all classes.
        """
        if object_type is type or not inspect.isclass(object_type):
            raise ValueError(
                "refusing to register replacement for a non-type or the type 'type' itself"
            )
        cls._table.replacements[object_type] = replacement_function


class SerpentSerializer(_Standard):
    """Python literals, in a text."""

    name = "serpent"
    serializer_id = 1
    _table = ReplacingTable()

    def _make(self) -> Serializer:
        return pyrophone.serializers.serpent.SerpentSerializer(self._table)

    def dumps(self, data: Any) -> bytes:
        """Return the bytes of a value; raises as the other serializers do."""
        self._codec.bytes_repr = config.SERPENT_BYTES_REPR
        return super().dumps(data)

    def dumpsCall(self, obj: str, method: str, vargs: Any, kwargs: Any) -> bytes:
        """Return the bytes of a call; raises as :meth:`dumps` does."""
        self._codec.bytes_repr = config.SERPENT_BYTES_REPR
        return super().dumpsCall(obj, method, vargs, kwargs)


class MarshalSerializer(_Standard):
    """Python's own binary format."""

    name = "marshal"
    serializer_id = 2
    _table = ReplacingTable()

    def _make(self) -> Serializer:
        return pyrophone.serializers.marshal.MarshalSerializer(self._table)

    @classmethod
    def register_type_replacement(
        cls, object_type: type, replacement_function: Callable[[Any], Any]
    ) -> None:
        """Do nothing: this serializer has no replacements."""


class JsonSerializer(_Standard):
    """JSON."""

    name = "json"
    serializer_id = 3
    _table = ReplacingTable()

    def _make(self) -> Serializer:
        return pyrophone.serializers.json.JsonSerializer(self._table)


class MsgpackSerializer(_Standard):
    """MessagePack.

    Subclasses can override :meth:`default` for writing, :meth:`object_hook` and
    :meth:`ext_hook` for reading.
    """

    name = "msgpack"
    serializer_id = 4
    _table = ReplacingTable()

    def _make(self) -> Serializer:
        hooks = ("default", "object_hook", "ext_hook")
        if any(getattr(type(self), n) is not vars(MsgpackSerializer)[n] for n in hooks):
            return _Hooked(self, self._table)
        return pyrophone.serializers.msgpack.MsgpackSerializer(self._table)

    def default(self, obj: Any) -> Any:
        """Return what to write for an object that msgpack doesn't know."""
        return _PLAIN_MSGPACK.replace(obj)

    def object_hook(self, obj: dict[Any, Any]) -> Any:
        """Return what a dict stands for."""
        return _PLAIN_MSGPACK.read_mapping(obj)

    def ext_hook(self, code: int, data: bytes) -> Any:
        """Return the value of an extension type."""
        return _PLAIN_MSGPACK.read_extension(code, data)


_PLAIN_MSGPACK = pyrophone.serializers.msgpack.MsgpackSerializer(MsgpackSerializer._table)


class _Hooked(pyrophone.serializers.msgpack.MsgpackSerializer):
    """Asks the hooks of a subclass."""

    __slots__ = ("_outer",)

    def __init__(self, outer: MsgpackSerializer, table: ReplacingTable) -> None:
        self._outer = outer
        super().__init__(table)

    def replace(self, value: Any) -> Any:
        """Return what to write for *value*."""
        return _ask(self._outer.default, value)

    def read_mapping(self, mapping: dict[Any, Any]) -> Any:
        """Return what *mapping* stands for."""
        return _ask(self._outer.object_hook, mapping)

    def read_extension(self, code: int, data: bytes) -> Any:
        """Return the value of an extension type."""
        return _ask(self._outer.ext_hook, code, data)


def _ask(hook: Callable[..., Any], *args: Any) -> Any:
    """Call a hook; whatever it raises is a SerializeError."""
    try:
        return hook(*args)
    except (SerializeError, SecurityError):
        raise
    except Exception as error:
        raise SerializeError(f"{hook.__name__} failed: {error!r}") from error


class _Shared(Codecs):
    """The serializers of the process, also those that a program puts in their place."""

    def __init__(
        self,
        by_name: MutableMapping[str, SerializerBase],
        by_id: MutableMapping[int, SerializerBase],
    ) -> None:
        super().__init__(CLASSES, {})
        self.by_name: Any = by_name
        self.by_id: Any = by_id


serializers: dict[str, SerializerBase] = {
    kind.name: kind()
    for kind in (SerpentSerializer, MarshalSerializer, JsonSerializer, MsgpackSerializer)
}
serializers_by_id: dict[int, SerializerBase] = {
    serializer.serializer_id: serializer for serializer in serializers.values()
}
CODECS = _Shared(serializers, serializers_by_id)


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
