"""A player of music on this computer, steered from others. Start names, this, remote.py.

The machine behind it is replaced by one that only pretends.
"""

import Pyro4


class SimulatedMachine:
    """Does what a program for music would be told to do."""

    songs = ("Morning", "Noon", "Evening")

    def __init__(self):
        self.number = 0
        self.playing = False
        self.volume = 50

    def do(self, **changes):
        vars(self).update(changes)
        print("machine:", ", ".join(f"{key} {value}" for key, value in changes.items()))


@Pyro4.expose
@Pyro4.behavior(instance_mode="single")
class Player:
    def __init__(self):
        self._machine = SimulatedMachine()

    def play(self, title=None):
        if title is not None:
            self._machine.do(number=self._machine.songs.index(title))
        self._machine.do(playing=True)

    def pause(self):
        self._machine.do(playing=False)

    def skip(self, songs=1):
        self._machine.do(number=(self._machine.number + songs) % len(self.songs))

    @property
    def songs(self):
        return list(self._machine.songs)

    @property
    def current(self):
        return self._machine.songs[self._machine.number] if self._machine.playing else None

    @property
    def volume(self):
        return self._machine.volume

    @volume.setter
    def volume(self, percent):
        self._machine.do(volume=max(0, min(100, percent)))


Pyro4.Daemon.serveSimple({Player: "example.player"})
