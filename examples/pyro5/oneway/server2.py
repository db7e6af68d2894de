"""Oneway calls run in threads of their own, so others are served while they wait.

Each in a terminal of its own:

    python -m Pyro5.nameserver
    python server2.py
    python client2.py
"""

import threading

import Pyro5.api


@Pyro5.api.expose
@Pyro5.api.behavior("single")
class Theatre:
    """Visitors wait in front of the door until it is opened."""

    def __init__(self):
        self._change = threading.Condition()
        self._open = True
        self._inside = 0

    def close_door(self):
        self._open = False

    def open_door(self):
        with self._change:
            self._open = True
            self._change.notify_all()

    @Pyro5.api.oneway
    def enter(self):
        with self._change:
            self._change.wait_for(lambda: self._open)
            self._inside += 1
            self._change.notify_all()

    def inside(self):
        return self._inside

    def wait_for(self, visitors):
        """Return once so many are inside."""
        with self._change:
            self._change.wait_for(lambda: self._inside >= visitors, timeout=10)


Pyro5.api.serve({Theatre: "example.theatre"})
