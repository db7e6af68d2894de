"""Pyro5, as what it shares with other generations needs to know it."""

from __future__ import annotations

from pyrophone.classic.generation import Generation

from . import errors
from .border import translated
from .configure import global_config
from .tables import CLASSES, settings

__all__ = ["PYRO5"]

PYRO5 = Generation(
    name="Pyro5",
    config=global_config,
    errors=errors,
    classes=CLASSES,
    settings=settings,
    translated=translated,
)
