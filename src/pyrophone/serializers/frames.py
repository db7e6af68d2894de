"""Tables of pandas and Arrow as class forms, and back."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .values import Read, Write

__all__ = ["READERS", "writer"]


def writer(cls: type) -> Write | None:
    """Return what writes values of *cls*, None if it is no table."""
    return None


READERS: Mapping[str, Read] = MappingProxyType({})
