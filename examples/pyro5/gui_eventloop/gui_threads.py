"""A Tk window with Pyro in a second thread.

Tk is used by the main thread alone: what arrives goes into a queue, which the window
looks at often. Needs a display.

    python gui_threads.py
    python client.py        (paste the URI that the window's program printed)
"""

import queue
import threading

import Pyro5.api
from board import Board
from window import Window

window = Window("Messages (Pyro in a thread)")
inbox = queue.SimpleQueue()


def empty_the_inbox():
    while not inbox.empty():
        text = inbox.get()
        if text is None:
            window.root.destroy()
            return
        window.show(text)
    window.root.after(20, empty_the_inbox)


with Pyro5.api.Daemon() as daemon:
    board = Board(show=inbox.put, close=lambda: inbox.put(None))
    print("URI of the board:", daemon.register(board, "example.board"), flush=True)
    thread = threading.Thread(target=daemon.requestLoop)
    thread.start()
    window.root.after(20, empty_the_inbox)
    window.root.mainloop()
    daemon.shutdown()
    thread.join()
print("closed")
