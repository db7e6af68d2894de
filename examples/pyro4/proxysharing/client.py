"""One proxy for many threads, and then a proxy for each.

In Pyro4 every thread may use every proxy; while one does, the others wait.
"""

import copy
import threading
import time

import Pyro4

THREADS = 6


def walk(proxies):
    """Let each proxy be used by a thread, and return how long that took."""
    threads = [threading.Thread(target=proxy.pass_through) for proxy in proxies]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - began


gate = Pyro4.Proxy(input("uri? ").strip())
gate._pyroBind()
shared = walk([gate] * THREADS)
print("shared: one after the other:", shared >= THREADS * 0.05)
print("connections:", gate.count())

own = walk([copy.copy(gate) for _ in range(THREADS)])
print("own ones are faster:", own < shared)
print("connections:", gate.count())
