"""A greenhouse whose settings are attributes."""

import Pyro.core


class Greenhouse(Pyro.core.ObjBase):
    def __init__(self):
        Pyro.core.ObjBase.__init__(self)
        self.celsius = 18
        self.plants = ["tomato"]
        self._combination = 1234

    def describe(self):
        return f"{self.celsius} degrees, {', '.join(self.plants)}"


Pyro.core.initServer()
daemon = Pyro.core.Daemon()
print("uri =", daemon.connect(Greenhouse(), "greenhouse"))
try:
    print("daemon running")
    daemon.requestLoop()
except KeyboardInterrupt:
    print("bye")
finally:
    daemon.shutdown(True)
