"""The two types of server: a thread for each connection, or one thread for all.

Each in a terminal of its own:

    python server.py        (asks for the type)
    python client.py        (paste the URI)
"""

import threading

import Pyro5.api


@Pyro5.api.expose
@Pyro5.api.behavior("single")
class MeetingRoom:
    """Can callers be here at the same time?"""

    def __init__(self):
        self._change = threading.Condition()
        self._present = self._most = 0

    def enter(self, people, patience):
        """Wait for so many people, for some seconds; return the number of my thread."""
        with self._change:
            self._present += 1
            self._most = max(self._most, self._present)
            self._change.notify_all()
            self._change.wait_for(lambda: self._most >= people, timeout=patience)
            self._present -= 1
        return threading.get_ident()

    def main_thread(self):
        return threading.main_thread().ident

    def most(self):
        """Return how many were here at the same time, and forget it."""
        most, self._most = self._most, 0
        return most


answer = input("Type of server, t for threads or m for multiplex: ").strip()
Pyro5.config.SERVERTYPE = "multiplex" if answer == "m" else "thread"
print("server type:", Pyro5.config.SERVERTYPE)
Pyro5.api.serve({MeetingRoom: "example.room"}, use_ns=False)
