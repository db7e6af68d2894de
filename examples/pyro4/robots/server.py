"""A field on which robots walk. Start names, this, then two robot.py.

The players are proxies; the rounds of the game run in a thread that got none of them.
"""

import threading

import Pyro4

PLAYERS = 2
WIDTH = 12


@Pyro4.expose
class Robot:
    def __init__(self, name, place):
        self._name = name
        self._place = place
        self._stride = 0

    @property
    def place(self):
        return self._place

    def walk(self, steps):
        self._stride = max(-2, min(2, steps))

    def _move(self):
        self._place = max(0, min(WIDTH - 1, self._place + self._stride))


@Pyro4.expose
@Pyro4.behavior(instance_mode="single")
class Field:
    def __init__(self):
        self._players = {}

    def join(self, name, observer):
        robot = Robot(name, len(self._players) * (WIDTH - 1))
        self._pyroDaemon.register(robot)
        self._players[name] = robot, observer
        if len(self._players) == PLAYERS:
            threading.Thread(target=self._play, daemon=True).start()
        return robot

    def _play(self):
        robots = {name: robot for name, (robot, _) in sorted(self._players.items())}
        observers = [observer for _, (_, observer) in sorted(self._players.items())]
        while len(range(*sorted(robot.place for robot in robots.values()))) > 1:
            row = ["."] * WIDTH
            for name, robot in robots.items():
                row[robot.place] = name[0]
            print("".join(row))
            for observer in observers:
                observer.turn({name: robot.place for name, robot in robots.items()})
            for robot in robots.values():
                robot._move()
        print("they met")
        for observer in observers:
            observer.over(robots[max(robots)].place)


Pyro4.Daemon.serveSimple({Field: "example.field"})
