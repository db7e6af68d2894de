"""Methods of remote objects."""

from __future__ import annotations

from pyrophone.classic.methods import ClassicMethod

from .generation import PYRO4

__all__: list[str] = []


class _RemoteMethod(ClassicMethod):
    """A method of a remote object."""

    __module__ = "Pyro4.core"
    _pyroGeneration = PYRO4
