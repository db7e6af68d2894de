"""One generation of Pyro, as what they share needs to know it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from ..serializers import ClassTable
from ..settings import Settings
from .border import Border

__all__ = ["Generation"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One generation of Pyro.

    Attributes:
        name: Its package, and the beginning of its loggers' names.
        config: Its configuration, an attribute per item; read each time, for it is live.
        errors: Its module of errors.
        classes: How classes travel in its programs.
        settings: Gives what the configuration says now, with changes by keyword.
        translated: Gives a block that raises its errors in place of Pyrophone's.
    """

    name: str
    config: Any
    errors: Any
    classes: ClassTable
    settings: Callable[..., Settings]
    translated: Callable[[], Border]
