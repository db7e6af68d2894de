"""A daemon with an object, and a client that calls it."""

from __future__ import annotations

from typing import Any

from fronts import Front
from kettles import Kettle

__all__ = ["Table"]


class Table:
    """What the two ends of a scenario need.

    Attributes:
        front: The client.
        kettle: Its proxy.
        original: The Kettle itself.
    """

    def __init__(self, front: Front, kettle: Any, original: Kettle) -> None:
        self.front = front
        self.kettle = kettle
        self.original = original
