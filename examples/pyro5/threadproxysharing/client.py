"""A proxy belongs to one thread; here is what that means, and what to do.

Each in a terminal of its own:

    python -m Pyro5.nameserver
        python client.py
"""

import copy
import threading

import Pyro5.api
import Pyro5.errors


def in_thread(function, *args):
    """Call a function in another thread, and wait for it."""
    thread = threading.Thread(target=function, args=args)
    thread.start()
    thread.join()


def use(proxy):
    try:
        proxy.ping()
        print("  it works")
    except Pyro5.errors.PyroError as error:
        print("  PyroError:", error)


def claim_and_use(proxy):
    proxy._pyroClaimOwnership()
    use(proxy)


proxy = Pyro5.api.locate_ns()  # any proxy would do
print("in the thread that made it:")
use(proxy)
print("in another thread:")
in_thread(use, proxy)

print("another thread uses a copy that it makes there:")
in_thread(lambda: use(copy.copy(proxy)))

print("another thread becomes the owner:")
in_thread(claim_and_use, proxy)
print("so the first one is the owner no more:")
use(proxy)
print("until it takes it back:")
claim_and_use(proxy)
proxy._pyroRelease()
