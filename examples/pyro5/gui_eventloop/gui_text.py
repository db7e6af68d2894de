"""The same board without a window, for those who have no display.

Each in a terminal of its own:

    python gui_text.py
    python client.py        (paste the URI that this program printed)
"""

import threading

import Pyro5.api
from board import Board

Pyro5.config.POLLTIMEOUT = 0.1  # the loop looks so often whether it is over
closed = threading.Event()


def show(text):
    print("shown:", text, flush=True)


with Pyro5.api.Daemon() as daemon:
    board = Board(show, close=closed.set)
    print("URI of the board:", daemon.register(board, "example.board"), flush=True)
    daemon.requestLoop(lambda: not closed.is_set())
print("closed")
