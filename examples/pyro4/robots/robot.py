"""Steers a robot towards the other one.

Usage: python robot.py NAME STEPS
"""

import sys

import Pyro4

NAME, STEPS = sys.argv[1], int(sys.argv[2])


class Observer:
    robot = None

    @Pyro4.expose
    def turn(self, places):
        other = next(place for name, place in places.items() if name != NAME)
        distance = other - places[NAME]
        self.robot.walk(max(-STEPS, min(STEPS, distance)))

    @Pyro4.expose
    @Pyro4.oneway
    def over(self, place):
        print("we met at", place)
        self._pyroDaemon.shutdown()


with Pyro4.Daemon() as daemon:
    observer = Observer()
    daemon.register(observer)
    field = Pyro4.Proxy("PYRONAME:example.field")
    observer.robot = field.join(NAME, observer)
    print(NAME, "joined, at", observer.robot.place)
    daemon.requestLoop()
