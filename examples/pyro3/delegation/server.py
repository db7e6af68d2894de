"""Three ways to make an object of a class that knows nothing of Pyro."""

import Pyro.core
import Pyro.naming


class Thermometer:
    """As it is in a library."""

    def __init__(self, celsius):
        self.celsius = celsius
        self.readings = 0

    def read(self):
        self.readings += 1
        return self.celsius


# The first way: a class of both.
class RemoteThermometer(Pyro.core.ObjBase, Thermometer):
    def __init__(self, celsius):
        Pyro.core.ObjBase.__init__(self)
        Thermometer.__init__(self, celsius)


# The third: a class that is made for it.
class Hygrometer(Pyro.core.SynchronizedObjBase):
    def read(self):
        return 40


Pyro.core.initServer()
daemon = Pyro.core.Daemon()
daemon.useNameServer(Pyro.naming.NameServerLocator().getNS())

daemon.connect(RemoteThermometer(4.5), "outside")

# The second: an object in front of it; here two stand in front of the same one.
thermometer = Thermometer(21)
for name in ("inside", "parlour"):
    front = Pyro.core.ObjBase()
    front.delegateTo(thermometer)
    daemon.connect(front, name)

daemon.connect(Hygrometer(), "humidity")

try:
    print("daemon running")
    daemon.requestLoop()
except KeyboardInterrupt:
    print("read", thermometer.readings, "times inside")
finally:
    daemon.shutdown(True)
