"""A window that others write to. Start it, then client.py; it needs a display.

Usage: python window.py thread     the daemon runs in a thread, and puts things into a queue
       python window.py polled     the window looks after the daemon now and then
"""

import queue
import select
import sys
import threading
import tkinter

import Pyro4

root = tkinter.Tk()
root.title("Notes")
label = tkinter.Label(root, text="nothing yet", width=30)
label.pack()
todo = queue.Queue()


@Pyro4.expose
@Pyro4.behavior(instance_mode="single")
class Window:
    def show(self, text):
        """Have the thread of the window show a text; only it may touch the window."""
        todo.put(text)

    def close(self):
        todo.put(None)


def show_notes():
    while not todo.empty():
        text = todo.get()
        if text is None:
            root.destroy()
            return
        label["text"] = text
        print("the window shows:", label["text"])
    root.after(10, show_notes)


def poll(daemon):
    while ready := select.select(daemon.sockets, [], [], 0)[0]:
        daemon.events(ready)
    root.after(10, poll, daemon)


daemon = Pyro4.Daemon()
print("uri =", daemon.register(Window, "example.window"))
print("Pyro daemon running.")
if sys.argv[1] == "thread":
    threading.Thread(target=daemon.requestLoop, daemon=True).start()
else:
    root.after(10, poll, daemon)
root.after(10, show_notes)
root.mainloop()
print("closed")
