"""What a daemon serves, and the names that are to be taken back once it doesn't."""

from __future__ import annotations

import os
import threading
from typing import Any

from .errors import ProtocolError
from .logs import Log
from .objects import ObjBase

__all__ = ["Table"]


class Table:
    """The objects of a daemon by identity, with their names.

    It may outlive its daemon, which nobody holds any more, until the names are free.

    Attributes:
        names: What names are registered with, or None.
        objects: Each object with its name, by identity.
        persistent: Identities of those whose names stay.
        lock: Held where they change.
        process: Number of the process that serves them.
    """

    def __init__(self) -> None:
        self.names: Any = None
        self.objects: dict[str, tuple[ObjBase, str | None]] = {}
        self.persistent: set[str] = set()
        self.lock = threading.RLock()
        self.process = os.getpid()
        self._left: list[str] = []
        self._freeing = threading.Lock()

    def empty(self) -> list[str]:
        """Forget all objects; return their identities."""
        with self.lock:
            served, self.objects = self.objects, {}
            kept, self.persistent = self.persistent, set()
            if self.names is not None:
                named = ((uid, name) for uid, (_, name) in served.items() if name)
                self._left += [name for uid, name in named if uid not in kept]
        for one, _ in served.values():
            one.setPyroDaemon(None)
        return [*served]

    def free(self, names: Any) -> None:
        """Unregister the names of what was forgotten; return when none is left.

        Args:
            names: What they are registered with. If it can't be reached, they stay.
        """
        with self._freeing:  # who comes second waits for the first
            while self._left:
                name = self._left.pop(0)
                try:
                    names.unregister(name)
                except (ProtocolError, OSError) as error:
                    Log.warn("Daemon", "can't unregister", name, *self._left, error)
                    self._left.clear()
                except Exception as error:  # of any kind: the daemon has to end
                    Log.warn("Daemon", "can't unregister", name, error)
