"""The object behind both ends of the socket pair."""

import os
import threading

import Pyro5.api


@Pyro5.api.expose
class Service:
    def greet(self, name):
        return f"hello, {name}"

    def place(self):
        """Return the number of the process that does this, and the name of the thread."""
        return os.getpid(), threading.current_thread().name
