"""What never changes."""

from __future__ import annotations

__all__ = ["DAEMON_NAME", "FLAME_NAME", "NAMESERVER_NAME", "PROTOCOL_VERSION", "VERSION"]

VERSION = "4.82"  # the Pyro4 that the package stands in for
DAEMON_NAME = "Pyro.Daemon"
NAMESERVER_NAME = "Pyro.NameServer"
FLAME_NAME = "Pyro.Flame"
PROTOCOL_VERSION = 48
