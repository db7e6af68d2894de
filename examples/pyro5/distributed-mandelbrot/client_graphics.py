"""A picture of the set in a window, with the help of all server.py.

Usage: python client_graphics.py [--width 400] [--height 300] [--close]

The window belongs to the main thread. Another one computes, and puts rows into a queue; the
window looks there from time to time. With --close it closes when the picture is complete.
"""

import argparse
import queue
import threading
import time
import tkinter

from farm import Farm
from mandelbrot import View


def compute(view, rows):
    """Put all rows of *view* into the queue *rows*, and None behind them."""
    with Farm() as farm:
        for numbered in farm.rows(view):
            rows.put(numbered)
    rows.put(None)


def colour(count, limit):
    """Return a colour in the notation of Tk."""
    if count == limit:
        return "#000000"
    part = count / limit
    return f"#{int(255 * part**0.5):02x}{int(160 * part):02x}{int(255 * (1 - part)):02x}"


class Window(tkinter.Tk):
    def __init__(self, view, close):
        super().__init__()
        self.title("Mandelbrot")
        self._view = view
        self._close = close
        self._rows = queue.SimpleQueue()
        self._picture = tkinter.PhotoImage(width=view.width, height=view.height)
        tkinter.Label(self, image=self._picture).pack()
        self._start = time.perf_counter()
        threading.Thread(target=compute, args=(view, self._rows), daemon=True).start()
        self._draw()

    def _draw(self):
        while not self._rows.empty():
            row = self._rows.get()
            if row is None:
                seconds = time.perf_counter() - self._start
                print(f"{self._view.height} rows in {seconds:.2f} seconds")
                if self._close:
                    self.destroy()
                return
            number, counts = row
            colours = " ".join(colour(count, self._view.limit) for count in counts)
            self._picture.put(f"{{{colours}}}", to=(0, number))
        self.after(20, self._draw)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=400)
    parser.add_argument("--height", type=int, default=300)
    parser.add_argument("--close", action="store_true")
    options = parser.parse_args()
    Window(View(options.width, options.height, limit=100), options.close).mainloop()
