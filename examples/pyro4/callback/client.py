"""Is called back until all is done.

An error in a method with the mark @callback goes to the caller and is raised here, too: it
is logged, and the caller's connection ends.
"""

import logging
import sys

import Pyro4

logging.basicConfig(stream=sys.stdout, format="log: %(levelname)s in a callback")
logging.getLogger("Pyro4").setLevel(logging.WARNING)


class Customer:
    orders = 4

    @Pyro4.expose
    @Pyro4.callback
    def doubled(self, number, result):
        print(f"{number} doubled is {result}")
        self.orders -= 1
        if number == 13:
            raise ValueError("not 13, please")

    @Pyro4.expose
    def finished(self):
        print("all done")
        self.orders = 0
        self._pyroDaemon.shutdown()


with Pyro4.Daemon() as daemon:
    customer = Customer()
    daemon.register(customer)
    print(Pyro4.Proxy("PYRONAME:example.counter").order([5, 13, 21], customer))
    daemon.requestLoop(lambda: customer.orders > 0)
