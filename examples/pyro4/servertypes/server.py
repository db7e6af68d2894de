"""Shows how calls are served. Start it, then client.py.

Usage: python server.py TYPE     (thread or multiplex)
"""

import sys
import threading

import Pyro4

Pyro4.config.SERVERTYPE = sys.argv[1]


@Pyro4.expose
@Pyro4.behavior(instance_mode="single")
class Desk:
    def __init__(self):
        self._meeting = threading.Barrier(2)

    def meet(self, seconds):
        """Wait for a second caller; return whether one came."""
        try:
            self._meeting.wait(seconds)
        except threading.BrokenBarrierError:
            return False
        return True

    def reset(self):
        self._meeting.reset()

    def thread(self):
        return threading.current_thread().name.partition("-")[0]

    @Pyro4.oneway
    def thread_of_oneway(self):
        print("one-way call in", threading.current_thread().name)


Pyro4.Daemon.serveSimple({Desk: "example.desk"}, ns=False)
