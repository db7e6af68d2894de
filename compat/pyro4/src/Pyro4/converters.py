"""How objects of one's own classes travel; one registry for all safe serializers."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

from pyrophone.classic.converters import ReplacingTable, Serializing
from pyrophone.serializers.classes import NO_FORM

from . import errors
from .configuration import config
from .generation import PYRO4
from .tables import CLASSES, UNLIMITED

__all__ = ["PickyTable", "SerializerBase", "SerpentTable"]

_COMPRESSED_FROM = 200  # bytes
_NOT_BY_SERPENT: set[type] = set()  # classes whose converters are for the others only


class PickyTable(ReplacingTable):
    """The table of one kind of serializer, that has no form for some plain values.

    Args:
        *refused: Their types; Pyrophone could write them, and Pyro4 does not.
    """

    __slots__ = ("_refused",)

    def __init__(self, *refused: type) -> None:
        super().__init__(CLASSES)
        self._refused = refused

    def registered_form(self, value: Any) -> Any:
        """Return what stands for *value*; NO_FORM if nothing is registered."""
        form = super().registered_form(value)
        if form is NO_FORM and isinstance(value, self._refused):
            raise errors.SerializeError(f"don't know how to serialize class {type(value)}")
        return form


class SerpentTable(ReplacingTable):
    """That of serpent, which some converters are not for."""

    __slots__ = ()

    def registered_form(self, value: Any) -> Any:
        """Return what stands for *value*; NO_FORM if nothing is registered."""
        if type(value) not in self.replacements and isinstance(
            value, tuple(_NOT_BY_SERPENT)
        ):
            return NO_FORM
        return super().registered_form(value)


class SerializerBase(Serializing):
    """What all serializers have, and the registry of classes that the safe ones share.

    A serializer of one's own derives from it, has a ``serializer_id``, and defines
    ``dumps``, ``loads``, ``dumpsCall`` and ``loadsCall``.
    """

    __module__ = "Pyro4.util"

    generation = PYRO4
    table = ReplacingTable(CLASSES)

    @classmethod
    def register_class_to_dict(
        cls, clazz: type, converter: Callable[[Any], Any], serpent_too: bool = True
    ) -> None:
        """Send instances of *clazz*, or of a subclass, as what *converter* gives.

        Args:
            clazz: The class.
            converter: Takes an instance, returns a dict, best with a ``__class__``.
            serpent_too: Whether serpent does so as well.
        """
        super().register_class_to_dict(clazz, converter)
        (_NOT_BY_SERPENT.discard if serpent_too else _NOT_BY_SERPENT.add)(clazz)

    @classmethod
    def unregister_class_to_dict(cls, clazz: type) -> None:
        """Undo :meth:`register_class_to_dict`."""
        super().unregister_class_to_dict(clazz)
        _NOT_BY_SERPENT.discard(clazz)

    def serializeData(self, data: Any, compress: bool = False) -> tuple[bytes, bool]:
        """Return the bytes of a value, and whether they are compressed.

        That needs 200 bytes and more, which get fewer by it.

        Raises:
            SerializeError: Something in it can't travel.
        """
        return _deflated(self.dumps(data), compress)

    def deserializeData(self, data: Any, compressed: bool = False) -> Any:
        """Return the value of bytes that :meth:`serializeData` gave.

        Raises:
            SecurityError: There is a class in it that must not be made.
            SerializeError: They can't be read.
        """
        return self.loads(_inflated(data) if compressed else data)

    def serializeCall(
        self, obj: str, method: str, vargs: Any, kwargs: Any, compress: bool = False
    ) -> tuple[bytes, bool]:
        """Return the bytes of a call; see :meth:`serializeData`."""
        return _deflated(self.dumpsCall(obj, method, vargs, kwargs), compress)

    def deserializeCall(self, data: Any, compressed: bool = False) -> Any:
        """Return the object id, the method, the arguments and keywords of a call.

        Raises as :meth:`deserializeData` does.
        """
        return self.loadsCall(_inflated(data) if compressed else data)


def _deflated(data: bytes, compress: bool) -> tuple[bytes, bool]:
    if compress and len(data) >= _COMPRESSED_FROM:
        smaller = zlib.compress(data)
        if len(smaller) < len(data):
            return smaller, True
    return data, False


def _inflated(data: Any) -> bytes:
    limit = config.MAX_MESSAGE_SIZE or UNLIMITED
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(data, limit)
    except zlib.error as error:
        raise errors.SerializeError(f"not compressed data: {error}") from error
    if inflater.unconsumed_tail:
        raise errors.MessageTooLargeError(f"message too large (max={limit})")
    if not inflater.eof or inflater.unused_data:
        raise errors.SerializeError("not compressed data: it ends at another place")
    return inflated
