"""Two callers try to meet at the desk: they can, if each is served by its own thread."""

import Pyro4

uri = input("uri? ").strip()
desk, other = Pyro4.Proxy(uri), Pyro4.Proxy(uri)
print("a call runs in:", desk.thread())

Pyro4.asyncproxy(desk)
results = [desk.meet(0.5) for _ in range(2)]
print("two callers met:", *[result.value for result in results])

other.reset()
other.thread_of_oneway()
print("alone:", other.meet(0.01))
