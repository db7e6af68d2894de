"""Sets and cancels results by hand: a FutureResult needs no call."""

from Pyro4.futures import FutureResult

promise = FutureResult()
promise.then(lambda number: number + 1)
print("ready:", promise.ready)
promise.value = 41
print("ready:", promise.ready, promise.value)

broken = FutureResult()
broken.set_cancelled()
try:
    print(broken.value)
except RuntimeError as error:
    print("nobody will set it:", type(error).__name__)
