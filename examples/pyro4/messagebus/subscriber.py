"""Hears of the weather, and keeps what comes until it is asked for.

Usage: python subscriber.py NUMBER     (of messages, then it ends without saying so)
"""

import queue
import sys
import threading

import Pyro4
from bus import Message


@Pyro4.expose
class Subscriber:
    def __init__(self):
        self._messages = queue.Queue()

    def incoming(self, topic, message):
        self._messages.put((topic, message))

    def messages(self, number):
        """Give the next messages as they come."""
        for _ in range(number):
            yield self._messages.get()


daemon = Pyro4.Daemon()
subscriber = Subscriber()
daemon.register(subscriber)
threading.Thread(target=daemon.requestLoop, daemon=True).start()
bus = Pyro4.Proxy("PYRONAME:example.bus")
bus.subscribe("weather", subscriber)
bus.subscribe("weather", subscriber)  # the same one again: it stays one in a set
print("subscribed")
for topic, message in subscriber.messages(int(sys.argv[1])):
    assert isinstance(message, Message)
    print(f"{message.number}. {topic}: {message.text}")
