"""A kitchen that calls back when the dish is ready."""

import Pyro.core
import Pyro.naming
from Pyro.errors import PyroError


class Kitchen(Pyro.core.ObjBase):
    def __init__(self):
        Pyro.core.ObjBase.__init__(self)
        self.guests = []

    def seat(self, guest):
        self.guests.append(guest)

    def order(self, dish, guest):
        salt = guest.howMuchSalt()  # while the guest waits for us
        return f"{dish} with {salt} of salt"

    def serve(self, dish):
        for guest in list(self.guests):
            try:
                guest.eat(dish)
            except ValueError as error:
                print("a guest complains:", error)
            except PyroError:
                print("a guest has left")
                self.guests.remove(guest)
        return len(self.guests)


Pyro.core.initServer()
daemon = Pyro.core.Daemon()
daemon.useNameServer(Pyro.naming.NameServerLocator().getNS())
daemon.connect(Kitchen(), "kitchen")
try:
    print("daemon running")
    daemon.requestLoop()
except KeyboardInterrupt:
    print("closed")
finally:
    daemon.shutdown(True)
