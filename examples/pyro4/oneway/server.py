"""Has calls that nobody waits for. Start names, this, then client.py.

Usage: python server.py [threaded]

Without "threaded" (ONEWAY_THREADED=False) a one-way call keeps its connection busy.
"""

import sys
import threading

import Pyro4

Pyro4.config.ONEWAY_THREADED = "threaded" in sys.argv


@Pyro4.expose
class Printer:
    done = threading.Event()

    @Pyro4.oneway
    def print_book(self, pages):
        self.done.wait(1.5)
        ours = threading.current_thread().name == "oneway-call"
        print(f"printed {pages} pages in", "its own thread" if ours else "the same thread")

    def hurry(self):
        self.done.set()
        return "the printer hurries"


Pyro4.Daemon.serveSimple({Printer: "example.printer"})
