"""What the programs around the bus use."""

import queue
import threading

import Pyro5.api

from . import bus


def find_bus():
    return Pyro5.api.Proxy("PYRONAME:" + bus.NAME)


class Subscriber:
    """Receives messages in a daemon of its own, and hands them out by `messages`."""

    def __init__(self):
        self._inbox = queue.SimpleQueue()
        self._bus = find_bus()
        self._daemon = Pyro5.api.Daemon()
        self._daemon.register(self)
        self._thread = threading.Thread(target=self._daemon.requestLoop)
        self._thread.start()

    @Pyro5.api.expose
    def incoming(self, topic, number, data):
        """Called by the bus."""
        self._inbox.put((topic, data))

    def subscribe(self, *topics):
        for topic in topics:
            self._bus.subscribe(topic, self)  # arrives there as a proxy

    def unsubscribe(self, *topics):
        for topic in topics:
            self._bus.unsubscribe(topic, self)

    def messages(self, count):
        """Yield topic and data of the next messages, waiting for them."""
        for _ in range(count):
            yield self._inbox.get()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._bus._pyroRelease()
        self._daemon.shutdown()
        self._thread.join()
