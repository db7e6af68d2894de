"""A counter that keeps its URI when it is started again at the same port.

Usage: python server.py PORT
"""

import sys

import Pyro.core
import Pyro.naming


class Counter(Pyro.core.ObjBase):
    def __init__(self):
        Pyro.core.ObjBase.__init__(self)
        self.value = 0

    def count(self):
        self.value += 1
        return self.value


Pyro.core.initServer()
daemon = Pyro.core.Daemon(port=int(sys.argv[1]), norange=1)
daemon.useNameServer(Pyro.naming.NameServerLocator().getNS())
daemon.connectPersistent(Counter(), "counter")
try:
    print("daemon running")
    daemon.requestLoop()
except KeyboardInterrupt:
    print("ends; its name stays")
finally:
    daemon.shutdown(True)
