"""Pyro4, as what it shares with other generations needs to know it."""

from __future__ import annotations

from pyrophone.classic.generation import Generation

from . import errors
from .border import translated
from .configuration import config
from .tables import CLASSES, settings

__all__ = ["PYRO4"]

PYRO4 = Generation(
    name="Pyro4",
    config=config,
    errors=errors,
    classes=CLASSES,
    settings=settings,
    translated=translated,
)
