"""A station on a ring. Start names, `station.py A B`, `station.py B C`, `station.py C A`.

Then client.py. A call may go through the same object again while it is still busy there.
"""

import sys

import Pyro4

ME, NEXT = sys.argv[1:]


@Pyro4.expose
@Pyro4.behavior(instance_mode="single")
class Station:
    def travel(self, log):
        print("train of", len(log), "stops")
        if log.count(ME) == 2:
            return [*log, "end"]
        following = Pyro4.Proxy(f"PYRONAME:example.station.{NEXT}")
        return following.travel([*log, ME])


Pyro4.Daemon.serveSimple({Station: f"example.station.{ME}"})
