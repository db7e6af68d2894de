"""Which daemon's object a value is, where several daemons share a class table."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from typing import Any

from ..serializers.classes import ClassTable

__all__ = ["StandIns"]

_StandIn = Callable[[Any], Mapping[str, Any] | None]


class StandIns:
    """Finds the daemon, of those that share a class table, whose object a value is.

    Daemons are held weakly: one that was dropped without being closed is not kept.
    """

    def __init__(self) -> None:
        self._methods: list[weakref.WeakMethod[_StandIn]] = []

    @classmethod
    def of(cls, classes: ClassTable) -> StandIns:
        """Return the one of *classes*, made now if there is none."""
        if not isinstance(classes.stand_in, cls):
            classes.stand_in = cls()
        return classes.stand_in

    def add(self, method: _StandIn) -> None:
        """Ask *method*, of a daemon, too."""
        self._methods = [
            *(m for m in self._methods if m() is not None),
            weakref.WeakMethod(method),
        ]

    def remove(self, method: _StandIn) -> None:
        """Do not ask *method* any more."""
        self._methods = [other for other in self._methods if other() not in (method, None)]

    def __call__(self, value: Any) -> Mapping[str, Any] | None:
        for reference in self._methods:
            method = reference()
            if method is not None and (form := method(value)) is not None:
                return form
        return None
