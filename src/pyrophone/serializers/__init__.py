"""Values and bytes: the four serializers of the wire."""

from __future__ import annotations

from collections.abc import Mapping

from .base import DEFAULT_MAX_DEPTH, Serializer
from .classes import ClassTable
from .json import JsonSerializer
from .marshal import MarshalSerializer
from .msgpack import MsgpackSerializer
from .serpent import SerpentSerializer

__all__ = ["ClassTable", "Serializer", "make_serializers"]


def make_serializers(
    classes: ClassTable,
    *,
    max_depth: int = DEFAULT_MAX_DEPTH,
    bytes_repr: bool = False,
    numbers: Mapping[str, int] | None = None,
) -> dict[str, Serializer]:
    """Return all four serializers, by name, serpent first.

    Args:
        classes: Converts what is not plain data.
        max_depth: How deep values may nest, in writing and in reading.
        bytes_repr: Let serpent write bytes as literals, not as base64 mappings.
        numbers: Their ids on the wire, by name; by default those of protocol 502.
    """
    number = (numbers or {}).get
    serializers: list[Serializer] = [
        SerpentSerializer(
            classes,
            max_depth=max_depth,
            bytes_repr=bytes_repr,
            number=number("serpent"),
        ),
        MarshalSerializer(classes, max_depth=max_depth, number=number("marshal")),
        JsonSerializer(classes, max_depth=max_depth, number=number("json")),
        MsgpackSerializer(classes, max_depth=max_depth, number=number("msgpack")),
    ]
    return {serializer.name: serializer for serializer in serializers}
