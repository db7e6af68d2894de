"""Computes lines of the Mandelbrot set. Start names, some of these, then client.py.

Usage: python server.py NUMBER
"""

import sys

import Pyro4


@Pyro4.expose
class Mandelbrot:
    def line(self, y, width):
        """Return a line of the picture as text."""
        return "".join(self._point(complex(x * 3 / width - 2.2, y)) for x in range(width))

    def _point(self, c):
        z = 0j
        for steps in range(40):
            if abs(z) > 2:
                return ".:-=+*%#"[min(steps // 2, 7)]
            z = z * z + c
        return " "


with Pyro4.Daemon() as daemon, Pyro4.locateNS() as names:
    name = f"example.mandelbrot.{sys.argv[1]}"
    names.register(name, daemon.register(Mandelbrot), metadata={"fractals", "example"})
    print("Pyro daemon running.")
    daemon.requestLoop()
