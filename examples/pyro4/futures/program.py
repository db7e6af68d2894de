"""Functions that are called in the background: futures need no server."""

import threading

from Pyro4 import Future

go = threading.Event()


def total(*numbers):
    go.wait(20)
    return sum(numbers)


print("-- call it, go on, and ask later")
result = Future(total)(3, 4, 5)
print("ready:", result.ready)
go.set()
print("value:", result.value)

print("-- what is to be done with the result")
future = Future(total).then(lambda number: number * 2).then(pow, 2)
print("value:", future(1, 2).value)

print("-- a function that fails")
failing = Future(lambda: 1 // 0)
failing.iferror(lambda error: print("told of", repr(error)))
result = failing()
result.wait(20)
try:
    print(result.value)
except ZeroDivisionError as error:
    print("ZeroDivisionError:", error)

print("-- a future is good for one call")
try:
    failing()
except RuntimeError:
    print("RuntimeError")

print("-- put off, and called off")
later = Future(total)
print("delayed:", later.delay(60))
result = later(1)
print("cancelled:", later.cancel(), later.cancelled)
try:
    print(result.value)
except RuntimeError:
    print("RuntimeError")
