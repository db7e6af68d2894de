"""Methods of remote objects."""

from __future__ import annotations

from pyrophone.classic.methods import ClassicMethod

from .generation import PYRO5

__all__: list[str] = []


class _RemoteMethod(ClassicMethod):
    """A method of a remote object."""

    _pyroGeneration = PYRO5
