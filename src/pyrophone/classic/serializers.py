"""Pyrophone's serializers, with the names and errors of older Pyros."""

from __future__ import annotations

import inspect
from collections.abc import Callable, MutableMapping
from typing import Any

from ..errors import PyrophoneError, SecurityError, SerializeError
from ..serializers import ClassTable, Serializer
from ..serializers.codecs import Codecs
from ..serializers.msgpack import MsgpackSerializer
from .converters import ReplacingTable, Serializing

__all__ = ["MsgpackHooks", "SharedCodecs", "Standard", "check_replaceable"]


class Standard(Serializing):
    """One of Pyrophone's serializers, with the names and errors of an older Pyro."""

    __slots__ = ("codec",)  # not in vars(), by which serializers are compared

    def __init__(self) -> None:
        self.codec: Any = self.make_codec()

    def make_codec(self) -> Serializer:
        """Return the serializer of Pyrophone that does the work."""
        raise NotImplementedError

    def dumps(self, data: Any) -> bytes:
        """Return the bytes of a value.

        Raises:
            SerializeError: Something in it can't travel.
        """
        try:
            written: bytes = self.codec.dumps(data)
            return written
        except PyrophoneError as error:
            raise self._refusal(error) from error.__cause__

    def loads(self, data: Any) -> Any:
        """Return the value of bytes.

        Raises:
            SecurityError: There is a class in it that must not be made.
            SerializeError: They can't be read.
        """
        try:
            return self.codec.loads(data)
        except PyrophoneError as error:
            raise self._refusal(error) from error.__cause__

    def dumpsCall(self, obj: str, method: str, vargs: Any, kwargs: Any) -> bytes:
        """Return the bytes of a call; raises as :meth:`dumps` does."""
        try:
            written: bytes = self.codec.dumps_call(obj, method, vargs, kwargs)
            return written
        except PyrophoneError as error:
            raise self._refusal(error) from error.__cause__

    def loadsCall(self, data: Any) -> Any:
        """Return the four parts of a call; raises as :meth:`loads` does."""
        try:
            return self.codec.loads_call(data)
        except PyrophoneError as error:
            raise self._refusal(error) from error.__cause__

    @classmethod
    def register_type_replacement(
        cls, object_type: type, replacement_function: Callable[[Any], Any]
    ) -> None:
        """Write objects of exactly *object_type* as what the function gives for them.

        Raises:
            ValueError: It is no class, or the class of all classes.
        """
        check_replaceable(object_type)
        cls.table.replacements[object_type] = replacement_function

    def _refusal(self, error: PyrophoneError) -> Exception:
        return self.generation.translated().refusal(error)

    def __reduce__(self) -> Any:
        return type(self), ()


def check_replaceable(object_type: Any) -> None:
    """Raise ValueError if it is no class, or the class of all classes."""
    if object_type is type or not inspect.isclass(object_type):
        raise ValueError(
            "refusing to register replacement for a non-type or the type 'type' itself"
        )


class MsgpackHooks(Standard):
    """MessagePack.

    Subclasses can override :meth:`default` for writing, :meth:`object_hook` and
    :meth:`ext_hook` for reading.
    """

    def make_codec(self) -> Serializer:
        """Return the serializer of Pyrophone; it asks the hooks if there are others."""
        hooks = ("default", "object_hook", "ext_hook")
        if any(getattr(type(self), name) is not vars(MsgpackHooks)[name] for name in hooks):
            return _Hooked(self, self.table)
        return self._plain()

    def default(self, obj: Any) -> Any:
        """Return what to write for an object that msgpack doesn't know."""
        return self._plain().replace(obj)

    def object_hook(self, obj: dict[Any, Any]) -> Any:
        """Return what a dict stands for."""
        return self._plain().read_mapping(obj)

    def ext_hook(self, code: int, data: bytes) -> Any:
        """Return the value of an extension type."""
        return self._plain().read_extension(code, data)

    def _plain(self) -> MsgpackSerializer:
        return MsgpackSerializer(self.table)


class _Hooked(MsgpackSerializer):
    """Asks the hooks of a subclass."""

    __slots__ = ("_outer",)

    def __init__(self, outer: MsgpackHooks, table: ReplacingTable) -> None:
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
    except Exception as error:  # of the program's own hook, anything
        raise SerializeError(f"{hook.__name__} failed: {error!r}") from error


class SharedCodecs(Codecs):
    """The serializers of the process, also those that a program puts in their place.

    Args:
        classes: How objects travel that are not plain data.
        by_name: The serializers by name.
        by_id: The serializers by their number on the wire.
    """

    def __init__(
        self,
        classes: ClassTable,
        by_name: MutableMapping[str, Any],
        by_id: MutableMapping[int, Any],
    ) -> None:
        super().__init__(classes, {}, values=False)
        self.by_name: Any = by_name
        self.by_id: Any = by_id
