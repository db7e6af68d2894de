"""A scoreboard. Start names, several of these, then controller.py.

Usage: python board.py NAME

Some methods take long, the clock above all, and have the mark @oneway: who calls them goes
on at once. The class has no other mark; see ../warehouse for what that means.
"""

import sys
import threading

import Pyro4
from hardware import SimulatedHardware

Pyro4.config.HOST = "127.0.0.1"  # on a real board, its address in the hall
NAME = sys.argv[1]


@Pyro4.behavior(instance_mode="single")
class Scoreboard:
    def __init__(self):
        self.hardware = SimulatedHardware(NAME)
        self.hardware.when_pressed(self.ten_more)
        self.points = 0
        self.stopped = threading.Event()
        self.hardware.show("is on")

    @Pyro4.oneway
    def title(self, text):
        self.hardware.show(f"~~ {text} ~~")

    @Pyro4.oneway
    def score(self, points):
        self.points = points
        self.hardware.show(f"{points} points")

    def ten_more(self):
        """Reward whoever presses the button: called here, without Pyro4."""
        self.score(self.points + 10)

    @Pyro4.oneway
    def clock(self, seconds):
        """Run for some seconds, or until it is stopped."""
        self.stopped.clear()
        self.hardware.show(f"the clock runs for {seconds} s")
        early = self.stopped.wait(seconds)
        self.hardware.show("the clock was stopped" if early else "time is up")

    def stop(self):
        self.stopped.set()

    def press(self):
        self.hardware.press()

    def standing(self):
        """Return the points; the controller asks again and again."""
        return self.points


Pyro4.Daemon.serveSimple({Scoreboard: f"example.board.{NAME}"}, ns=True)
