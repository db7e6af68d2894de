"""Holds work and results. Start names, this, some worker.py, then client.py."""

import queue

import Pyro5.api
import workitem  # noqa: F401  (registers the class)


@Pyro5.api.expose
@Pyro5.api.behavior(instance_mode="single")
class Dispatcher:
    def __init__(self):
        self._work = queue.Queue()
        self._results = queue.Queue()

    def put_work(self, item):
        self._work.put(item)

    def get_work(self, timeout):
        """Return an item, or None if there is none for *timeout* seconds."""
        return take(self._work, timeout)

    def put_result(self, item):
        self._results.put(item)

    def get_result(self, timeout):
        return take(self._results, timeout)

    def sizes(self):
        return self._work.qsize(), self._results.qsize()


def take(items, timeout):
    try:
        return items.get(timeout=timeout)
    except queue.Empty:
        return None


Pyro5.api.serve({Dispatcher: "example.distributed"})
