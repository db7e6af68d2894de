"""Let five threads call server.py at the same time: client.py [seconds of patience]"""

import sys
import threading
import time

import Pyro5.api

CALLERS = 5
patience = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0


def call(numbers):
    with Pyro5.api.Proxy(uri) as room:
        numbers.append(room.enter(CALLERS, patience))


uri = input("URI of the room: ").strip()
numbers = []
threads = [threading.Thread(target=call, args=[numbers]) for _ in range(CALLERS)]
start = time.monotonic()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"{CALLERS} calls took {time.monotonic() - start:.1f} s")
print("threads in the server:", len(set(numbers)))

with Pyro5.api.Proxy(uri) as room:
    print("the main thread is among them:", room.main_thread() in numbers)
    print("callers at the same time:", room.most())
