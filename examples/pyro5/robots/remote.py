"""What players may call: the game, and the control of one robot."""

import threading

import Pyro5.api
import Pyro5.errors


@Pyro5.api.expose
class RemoteControl:
    """Steers one robot; each player gets one, and it is gone with the player."""

    def __init__(self, robot):
        self._robot = robot

    def turn(self, direction):
        self._robot.turn(direction)

    def position(self):
        return self._robot.x, self._robot.y

    @property
    def strength(self):
        return self._robot.strength


@Pyro5.api.expose
class Game:
    def __init__(self, world, players):
        self._world = world
        self._missing = players
        self._observers = {}
        self._change = threading.Condition()

    def join(self, name, observer):
        """Take part. *observer* is told what happens; the result steers a robot."""
        with self._change:
            if not self._missing:
                raise ValueError("the game has begun, come back later")
            if name in self._observers:
                raise ValueError(f"there is a {name} already")
            control = RemoteControl(self._world.add(name))
            self._pyroDaemon.register(control)  # so that a proxy is returned
            self._observers[name] = observer
            self._missing -= 1
            self._change.notify_all()
        print(f"{name} joins", flush=True)
        return control

    def _is_full(self, patience=None):
        with self._change:
            return self._change.wait_for(lambda: not self._missing, patience)

    def _play_round(self):
        """Move all, tell the players; return whether the game goes on."""
        for robot, obstacle in self._world.step():
            print(f"round {self._world.rounds}: {robot.name} hits {obstacle}", flush=True)
            self._tell(robot.name, "hit", obstacle)
            if robot.strength == 0:
                print(f"{robot.name} is broken", flush=True)
        for robot in self._world.alive():
            self._tell(robot.name, "round", self._world.rounds)
        return len(self._world.alive()) > 1

    def _end(self):
        winner = self._world.winner()
        print("winner:", winner or "nobody", flush=True)
        for name in list(self._observers):
            self._tell(name, "end", winner)
            if name in self._observers:
                self._observers.pop(name)._pyroRelease()

    def _tell(self, name, event, detail):
        if name not in self._observers:
            return
        observer = self._observers[name]
        observer._pyroClaimOwnership()  # it came in the thread that took the call
        try:
            observer.happens(event, detail)
        except Pyro5.errors.CommunicationError:
            print(f"{name} has left", flush=True)
            del self._observers[name]
