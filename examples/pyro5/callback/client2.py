"""Has methods that fail when server2.py calls them back.

The error of a method is for its caller. A method with the mark @callback reports it here,
too, in the log: who writes a callback wants to know that it fails.
"""

import logging
import sys
import threading

import Pyro5.api


class Customer:
    @Pyro5.api.expose
    def fail_silently(self):
        print("fail_silently is called")
        return 1 // 0

    @Pyro5.api.expose
    @Pyro5.api.callback
    def fail_loudly(self):
        print("fail_loudly is called")
        return 1 // 0


def ask_for_calls(customer):
    with Pyro5.api.Proxy("PYRONAME:example.caller") as caller:
        caller.call_back(customer)


class LastLine(logging.Formatter):
    """Shows what happened, and leaves the traceback out."""

    def format(self, record):
        return f"log: {record.levelname} {super().format(record).strip().splitlines()[-1]}"


handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(LastLine())
logging.basicConfig(level=logging.WARNING, handlers=[handler])
logging.getLogger("Pyro5").setLevel(logging.WARNING)  # importing Pyro5 silenced it

with Pyro5.api.Daemon() as daemon:
    customer = Customer()
    daemon.register(customer)
    threading.Thread(target=ask_for_calls, args=(customer,), daemon=True).start()
    daemon.requestLoop()  # until Ctrl-C
