"""Collects calls and sends them in one message: plain, one-way, and without waiting."""

import Pyro4

calculator = Pyro4.Proxy(input("uri? ").strip())

print("-- four calls, one message")
batch = Pyro4.batch(calculator)
for number in (4, 2, 1):
    print("recorded, gives", batch.divide(12, number))
batch.count()
print("results:", *batch())

print("-- the third one fails: the others before it have results")
batch = calculator._pyroBatch()
for number in (3, 1.5, 0, 5):
    batch.divide(6, number)
results = batch()
try:
    for result in results:
        print(result)
except ZeroDivisionError as error:
    print("ZeroDivisionError:", error)

print("-- nobody wants the results")
batch.divide(100, 10)
batch.divide(100, 4)
print("gives", batch(oneway=True))
print("calls so far:", calculator.count())

print("-- go on while it works")
batch = Pyro4.batch(calculator)
batch.divide(7, 2)
batch.divide(7, 7)
future = batch(asynchronous=True)
future.then(sum)
print("sum:", future.value)

print("-- both at once make no sense")
try:
    batch(oneway=True, asynchronous=True)
except Pyro4.errors.PyroError as error:
    print(type(error).__name__)
