"""The package of Pyro 3, served by Pyrophone."""

from __future__ import annotations

import os

from . import constants as constants
from . import errors as errors
from .items import load

__all__ = ["config"]

config = load(os.environ, os.getcwd())
