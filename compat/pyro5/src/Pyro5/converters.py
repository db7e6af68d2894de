"""How objects of one's own classes travel; one registry for all serializers."""

from __future__ import annotations

from pyrophone.classic.converters import ReplacingTable, Serializing

from .generation import PYRO5

__all__ = ["SerializerBase"]


class SerializerBase(Serializing):
    """What all serializers have, and the registry of classes that they share.

    A serializer of one's own derives from it, has a name and a ``serializer_id``, and
    defines ``dumps``, ``loads``, ``dumpsCall`` and ``loadsCall``.
    """

    __module__ = "Pyro5.serializers"

    generation = PYRO5
    table = ReplacingTable(PYRO5.classes)
