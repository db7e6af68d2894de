"""A desk with work on it. Start names, this, some worker.py, then client.py."""

import queue

import Pyro4
from item import teach

teach()


@Pyro4.expose
@Pyro4.behavior(instance_mode="single")
class Desk:
    def __init__(self):
        self._work = queue.Queue()
        self._results = queue.Queue()

    def put(self, item):
        self._work.put(item)

    def get(self):
        """Take an item, or None if there is none for a while."""
        try:
            return self._work.get(timeout=0.2)
        except queue.Empty:
            return None

    def done(self, item):
        self._results.put(item)

    def result(self):
        return self._results.get()


Pyro4.Daemon.serveSimple({Desk: "example.desk"})
