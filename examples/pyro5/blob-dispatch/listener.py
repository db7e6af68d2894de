"""Listens for a topic.

Usage: python listener.py TOPIC
"""

import sys

import customdata
import Pyro5.api


class Listener:
    def __init__(self, topic):
        self._topic = topic

    @Pyro5.api.expose
    def process_blob(self, blob):
        data = blob.deserialized()
        print(f"{blob.info}: {type(data).__name__} a={data.a} b={data.b} c={data.c}")


customdata.register()
topic = sys.argv[1]
with Pyro5.api.Daemon() as daemon:
    listener = Listener(topic)
    daemon.register(listener)
    with Pyro5.api.Proxy("PYRONAME:example.dispatcher") as dispatcher:
        dispatcher.listen(topic, listener)
    print("listening for", topic)
    daemon.requestLoop()
