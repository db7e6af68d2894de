"""A player: python client.py NAME drunk|angry|scared"""

import random
import sys

import Pyro5.api

Pyro5.config.POLLTIMEOUT = 0.1  # the loop looks so often whether the game is over

DIRECTIONS = ["north", "east", "south", "west"]


class Player:
    """Is told what happens, and steers."""

    def __init__(self, name):
        self._name = name
        self._chance = random.Random(name)
        self._direction = "east"
        self._control = None
        self._over = False

    def _join(self, game):
        self._control = game.join(self._name, self)

    @Pyro5.api.expose
    def happens(self, event, detail):
        self._control._pyroClaimOwnership()  # Pyro calls this in a thread of its own
        if event == "end":
            print(f"{self._name}: the winner is {detail or 'nobody'}", flush=True)
            self._control._pyroRelease()
            self._over = True
        elif event == "round":
            self._each_round(detail)
        else:
            print(f"{self._name}: ouch, {detail}", flush=True)
            self._after(detail)

    def _each_round(self, number):
        """Do what is to be done in each round."""

    def _after(self, obstacle):
        """Do what is to be done after running into something."""
        self._turn((DIRECTIONS.index(self._direction) + 1) % 4)

    def _turn(self, number):
        self._direction = DIRECTIONS[number]
        self._control.turn(self._direction)


class Drunk(Player):
    """Turns when it likes to."""

    def _each_round(self, number):
        if self._chance.random() < 0.3:
            self._turn(self._chance.randrange(4))


class Angry(Player):
    """Runs straight ahead, and against others once more."""

    def _after(self, obstacle):
        if obstacle == "the wall":
            super()._after(obstacle)


class Scared(Player):
    """Stays near the wall, and runs back from others."""

    def _after(self, obstacle):
        steps = 1 if obstacle == "the wall" else 2
        self._turn((DIRECTIONS.index(self._direction) + steps) % 4)


def main(name, character):
    player = {"drunk": Drunk, "angry": Angry, "scared": Scared}[character](name)
    with Pyro5.api.Daemon() as daemon, Pyro5.api.Proxy("PYRONAME:example.robots") as game:
        daemon.register(player)
        player._join(game)
        print(f"{name} plays, {character}", flush=True)
        daemon.requestLoop(lambda: not player._over)


if __name__ == "__main__":
    main(*sys.argv[1:])
