"""Answers to those who look for a name server by broadcast."""

from __future__ import annotations

from pyrophone.classic import broadcasts

from .generation import PYRO4

__all__ = ["BroadcastServer"]


class BroadcastServer(broadcasts.BroadcastServer):
    """Answers broadcasts with the URI of a name server.

    It can be waited for with ``select``, and combined into a daemon.

    Args:
        nsUri: What to answer. The host ``0.0.0.0`` becomes the address of the interface
            towards whoever asks.
        bchost: Address to listen at; None is NS_BCHOST.
        bcport: UDP port; None is NS_BCPORT, 0 any free one.
        ipv6: Listen by IPv6; so it is for a name server that does.
    """

    __module__ = "Pyro4.naming"
    generation = PYRO4
