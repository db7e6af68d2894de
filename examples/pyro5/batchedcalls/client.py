"""Sends many calls to server.py in one message.

Usage: python client.py [calls]

A batch collects calls, and sends them when it is called itself. The results come in order;
where a call failed its error is raised, and what came behind it was not done.
"""

import sys
import time

import Pyro5.api

CALLS = int(sys.argv[1]) if len(sys.argv) > 1 else 2000

calculator = Pyro5.api.Proxy(input("uri of the server? ").strip())

start = time.perf_counter()
for number in range(CALLS):
    calculator.add(number, number)
single = time.perf_counter() - start
print(f"{CALLS} single calls: {single:.3f} seconds")

batch = Pyro5.api.BatchProxy(calculator)
start = time.perf_counter()
for number in range(CALLS):
    batch.add(number, number)
results = list(batch())
batched = time.perf_counter() - start
print(f"{len(results)} calls in one batch: {batched:.3f} seconds")
print(f"The batch is {single / batched:.0f} times faster")
print("The last result:", results[-1])

for number in range(CALLS):
    batch.add(number, number)
print("A batch that nobody waits for gives", batch(oneway=True))

batch = Pyro5.api.BatchProxy(calculator)
for number in (3, 2, 1, 0, -1):
    batch.divide(100, number)
batch.say("never said: a call before it fails")
print("A batch with a failing call:")
try:
    for result in batch():
        print("  100 divided by something is", result)
except ZeroDivisionError as error:
    print("  ZeroDivisionError:", error)
    print("".join(Pyro5.errors.get_pyro_traceback()))
