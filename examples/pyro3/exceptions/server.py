"""Raises all sorts of errors, and goes on."""

import fuses
import Pyro.core


class House(Pyro.core.ObjBase):
    def divide(self, a, b):
        return a / b

    def overload(self):
        raise fuses.FuseError("kitchen", 20)

    def excuse(self):
        return ValueError("only a value")

    def secret(self):
        class HouseError(Exception):
            pass

        raise HouseError("of the house")


Pyro.core.initServer()
daemon = Pyro.core.Daemon()
print("uri =", daemon.connect(House()))
try:
    print("daemon running")
    daemon.requestLoop()
except KeyboardInterrupt:
    print("bye")
finally:
    daemon.shutdown(True)
