"""A Tk window and Pyro in one thread: the window looks after the daemon's sockets.

Needs a display.

    python gui_nothreads.py
    python client.py        (paste the URI that the window's program printed)
"""

import select
import threading

import Pyro5.api
from board import Board
from window import Window

Pyro5.config.SERVERTYPE = "multiplex"  # everything happens in the thread that waits
window = Window("Messages (one thread)")
closing = threading.Event()  # a oneway method runs in another thread, Tk does not


def look_after(daemon):
    """Do what the daemon has to do, without waiting; come again soon."""
    while True:
        ready, _, _ = select.select(daemon.sockets, [], [], 0)
        if not ready:
            break
        daemon.events(ready)
    if closing.is_set():
        window.root.destroy()
    else:
        window.root.after(20, look_after, daemon)


with Pyro5.api.Daemon() as daemon:
    board = Board(show=window.show, close=closing.set)
    print("URI of the board:", daemon.register(board, "example.board"), flush=True)
    window.root.after(20, look_after, daemon)
    window.root.mainloop()
print("closed")
