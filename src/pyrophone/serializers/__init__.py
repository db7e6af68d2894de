"""Values and bytes: the four serializers of the wire."""

from __future__ import annotations

from collections.abc import Mapping

from .base import DEFAULT_MAX_DEPTH, DEFAULT_MAX_ELEMENTS, Serializer
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
    max_elements: int = DEFAULT_MAX_ELEMENTS,
    bytes_repr: bool = False,
    numbers: Mapping[str, int] | None = None,
) -> dict[str, Serializer]:
    """Return all four serializers, by name, serpent first.

    Args:
        classes: Converts what is not plain data.
        max_depth: How deep values may nest, in writing and in reading.
        max_elements: How many values a message may hold, in reading; containers and keys
            are values, too.
        bytes_repr: Let serpent write bytes as literals, not as base64 mappings.
        numbers: Their ids on the wire, by name; by default those of protocol 502.
    """
    number = (numbers or {}).get
    limits = {"max_depth": max_depth, "max_elements": max_elements}
    serializers: list[Serializer] = [
        SerpentSerializer(
            classes, bytes_repr=bytes_repr, number=number("serpent"), **limits
        ),
        MarshalSerializer(classes, number=number("marshal"), **limits),
        JsonSerializer(classes, number=number("json"), **limits),
        MsgpackSerializer(classes, number=number("msgpack"), **limits),
    ]
    return {serializer.name: serializer for serializer in serializers}
