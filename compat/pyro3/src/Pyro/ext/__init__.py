"""The helpers of ``Pyro.ext``, which are gone."""

from __future__ import annotations

raise ImportError(
    "Pyro.ext is gone, as was announced in Pyro 3.11: serve objects with "
    "Pyro.core.Daemon, or with the command: pyrophone serve"
)
