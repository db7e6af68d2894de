"""A message bus: what is published on a topic goes to whoever subscribed to it.

Start names, this, subscriber.py, then publisher.py.
Usage: python bus.py [file of a database]
"""

import sqlite3
import sys
import threading

import Pyro4
from Pyro4.util import SerializerBase

if not Pyro4.config.AUTOPROXY:
    sys.exit("subscribers are sent as proxies, so AUTOPROXY must be on")


class Message:
    """What travels, as a class of the bus."""

    def __init__(self, number, text):
        self.number = number
        self.text = text

    @staticmethod
    def to_dict(message):
        return {"__class__": "bus.message", "n": message.number, "text": message.text}

    @staticmethod
    def from_dict(_, data):
        return Message(data["n"], data["text"])


SerializerBase.register_class_to_dict(Message, Message.to_dict)
SerializerBase.register_dict_to_class("bus.message", Message.from_dict)


@Pyro4.expose
@Pyro4.behavior(instance_mode="single")
class Bus:
    def __init__(self, path=":memory:"):
        self._lock = threading.Lock()
        self._subscribers = {}
        self._store = sqlite3.connect(path, check_same_thread=False)
        self._store.execute("CREATE TABLE messages(id INTEGER PRIMARY KEY, topic, text)")

    def subscribe(self, topic, subscriber):
        self._subscribers.setdefault(topic, set()).add(subscriber)

    def publish(self, topic, text):
        with self._lock:
            sql = "INSERT INTO messages(topic, text) VALUES(?, ?)"
            number = self._store.execute(sql, (topic, text)).lastrowid
        for subscriber in list(self._subscribers.get(topic, ())):
            try:
                subscriber.incoming(topic, Message(number, text))
            except Pyro4.errors.CommunicationError:
                print("a subscriber is gone")
                self._subscribers[topic].discard(subscriber)
        return number

    def topics(self):
        with self._lock:
            sql = "SELECT topic, COUNT(*) FROM messages GROUP BY topic ORDER BY topic"
            return dict(self._store.execute(sql))

    def _close(self):
        """End with the program; not for callers."""
        self._store.close()


if __name__ == "__main__":
    bus = Bus(*sys.argv[1:])
    Pyro4.Daemon.serveSimple({bus: "example.bus"})
    bus._close()
