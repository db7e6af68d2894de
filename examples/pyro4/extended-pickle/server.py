"""Calls functions that clients send, so only for clients one trusts entirely.

Usage: python server.py SERIALIZER     (dill or cloudpickle)
"""

import sys

import Pyro4

Pyro4.config.SERIALIZERS_ACCEPTED = {sys.argv[1]}


@Pyro4.expose
class Machine:
    def call(self, function, values):
        print("got a", type(function).__name__)
        return [function(value) for value in values]


Pyro4.Daemon.serveSimple({Machine: "example.machine"}, ns=False)
