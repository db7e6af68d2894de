"""Draws a square that others colour. Start names, this, then steer.py.

The window opens when the first call arrives: only then Pyro4 makes the one object that
serves all callers. It needs pygame; SDL_VIDEODRIVER=dummy draws without a screen.
"""

import time

import pygame
import Pyro4

SIZE = 240


@Pyro4.behavior(instance_mode="single")
class Square:
    def __init__(self):
        pygame.init()
        self.screen = pygame.display.set_mode((SIZE, SIZE))
        self.started = time.monotonic()
        print("a window opens")
        self._draw((90, 90, 90))

    def _draw(self, colour):
        self.screen.fill((255, 255, 255))
        edge = SIZE // 6
        pygame.draw.rect(
            self.screen, colour, (edge, edge, SIZE - 2 * edge, SIZE - 2 * edge)
        )
        pygame.display.flip()

    def clear(self):
        """Wipe the square away; not for others, as it has no mark."""
        self.screen.fill((255, 255, 255))

    @Pyro4.expose
    def colour(self, rgb):
        """Colour the square, and say which colour it got."""
        self._draw(tuple(rgb))
        return "the square is {}, {}, {}".format(*rgb)

    @Pyro4.expose
    def red(self):
        return self.colour((220, 20, 30))

    @Pyro4.expose
    def green(self):
        return self.colour((20, 170, 60))

    @Pyro4.expose
    def blue(self):
        return self.colour((30, 60, 210))

    @Pyro4.expose
    def age(self):
        """Return for how many seconds there has been a window."""
        return time.monotonic() - self.started

    @Pyro4.expose
    def save(self, path):
        """Keep a picture of the window."""
        pygame.image.save(self.screen, path)
        return f"saved as {path}"


daemon = Pyro4.Daemon()
uri = daemon.register(Square)
Pyro4.locateNS().register("example.square", uri)
print("ready to draw")
daemon.requestLoop()
