"""The package Pyro5, served by Pyrophone.

Programs written for Pyro5 5.17 import it as ever. It respells the library
:mod:`pyrophone`; what differs on purpose is listed in ``DIFFERENCES.md``.
"""

from __future__ import annotations

from . import configure
from .configure import global_config as config

__all__ = ["__author__", "__version__", "config", "configure"]

__version__ = "5.17"  # the Pyro5 that it stands in for
__author__ = "The Pyrophone authors"

configure.set_up_logging()
