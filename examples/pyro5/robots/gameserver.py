"""A game for several players, each with a program of its own, in a window or as text.

    python -m Pyro5.nameserver
    python gameserver.py [--players 2] [--rounds 60] [--pause 0.2] [--text]
    python client.py NAME drunk|angry|scared        (once for each player)

Callbacks tell the players what happens. The window needs a display.
"""

import argparse
import threading
import time
import tkinter

import Pyro5.api
from remote import Game
from robot import World

SIZE = 24  # pixels


class Window:
    """Draws the world, and plays a round now and then."""

    def __init__(self, world, game, rounds, pause):
        self._world = world
        self._game = game
        self._rounds = rounds
        self._pause = int(pause * 1000)
        self.root = tkinter.Tk()
        self.root.title("Robots")
        self._canvas = tkinter.Canvas(
            self.root, width=world.width * SIZE, height=world.height * SIZE, bg="white"
        )
        self._canvas.pack()
        self.root.after(0, self._tick)

    def _tick(self):
        goes_on = True
        if self._game._is_full(patience=0):
            goes_on = self._game._play_round() and self._world.rounds < self._rounds
        self._draw()
        if goes_on:
            self.root.after(self._pause, self._tick)
        else:
            self.root.after(5 * self._pause, self.root.quit)

    def _draw(self):
        self._canvas.delete("all")
        for robot in self._world.alive():
            x, y = robot.x * SIZE, robot.y * SIZE
            red = 255 - 40 * robot.strength
            colour = f"#{red:02x}60a0"
            self._canvas.create_oval(x, y, x + SIZE, y + SIZE, fill=colour)
            x, y = x + SIZE / 2, y + SIZE / 2
            self._canvas.create_text(x, y, text=robot.name[:3], fill="white")


def play_as_text(world, game, rounds, pause):
    game._is_full()
    while game._play_round() and world.rounds < rounds:
        time.sleep(pause)
    print("\n".join(world.picture()))


def main():
    parser = argparse.ArgumentParser(description="Run a game of robots.")
    parser.add_argument("--players", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--pause", type=float, default=0.2, help="seconds between rounds")
    parser.add_argument("--text", action="store_true", help="no window")
    args = parser.parse_args()

    world = World(24, 12)
    game = Game(world, args.players)
    with Pyro5.api.Daemon() as daemon, Pyro5.api.locate_ns() as ns:
        ns.register("example.robots", daemon.register(game))
        thread = threading.Thread(target=daemon.requestLoop)
        thread.start()
        print(f"waiting for {args.players} players", flush=True)
        try:
            if args.text:
                play_as_text(world, game, args.rounds, args.pause)
            else:
                Window(world, game, args.rounds, args.pause).root.mainloop()
            game._end()
        except KeyboardInterrupt:
            print("the game is off")
        finally:
            ns.remove("example.robots")
            daemon.shutdown()
            thread.join()


if __name__ == "__main__":
    main()
