"""Waits for itself, as two proxies are one: a mistake to be seen once.

The server calls back while the call lasts. If the callback uses the proxy that made the
call, it waits for that call to end, and the call waits for it. A timeout ends that.
"""

import threading

import Pyro4

echo = Pyro4.Proxy(input("uri? ").strip())


class Customer:
    def __init__(self, proxy):
        self._proxy = proxy

    @Pyro4.expose
    def answer(self):
        return self._proxy.hello()


daemon = Pyro4.Daemon()
wise, careless = Customer(Pyro4.Proxy(echo._pyroUri)), Customer(echo)
daemon.register(wise)
daemon.register(careless)
threading.Thread(target=daemon.requestLoop, daemon=True).start()

print("with a proxy of its own:", echo.ask("Who is there?", wise))
echo._pyroTimeout = 0.7
try:
    print(echo.ask("Who is there?", careless))
except Pyro4.errors.TimeoutError:
    print("with the proxy that is in use: TimeoutError")
print("and after it:", echo.hello())
