"""Has a proxy that does not wait: each call gives a result that comes later."""

import time

import Pyro4

kitchen = Pyro4.Proxy(input("uri? ").strip())
Pyro4.asyncproxy(kitchen)  # kitchen._pyroAsync() does the same

print("-- one result")
result = kitchen.boil(5)
print("a", type(result).__name__, "that is ready:", result.ready)
print("after a short wait:", result.wait(0.001))
print("after a longer one:", result.wait(20), result.value)

print("-- many at once")
began = time.monotonic()
results = [kitchen.boil(minutes) for minutes in (10, 9, 8, 7, 6)]
print([result.value.split()[2] for result in results])
print("faster than one after the other:", time.monotonic() - began < 40 / 50)

print("-- errors arrive where the value is read, each time")
result = kitchen.drop("egg")
print("it is there:", result.wait(20))
for _ in range(2):
    try:
        print(result.value)
    except ValueError as error:
        print("ValueError:", error)

print("-- chains: what comes next is said beforehand")
result = kitchen.boil(3).then(str.upper).then("{1}, {0}".format, "with salt")
print(result.value)
result.then(len)
print("its length:", result.value)
failed = kitchen.drop("pan").iferror(lambda error: print("told of", repr(error)))
failed.wait(20)

print("-- a batch that does not hold up either")
batch = Pyro4.batch(kitchen)
batch.peel("egg")
batch.boil(1)
print(*batch(asynchronous=True).then(list).value, sep=", ")

print("-- attributes are read at once")
print(kitchen.eggs, "eggs")

print("-- and back to normal")
Pyro4.asyncproxy(kitchen, False)
print(kitchen.peel("egg"))
