"""Pyro4, served by Pyrophone."""

from __future__ import annotations

__version__ = "4.82"
