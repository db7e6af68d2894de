"""A telescope with a name: the usual server. Start a name server first."""

import Pyro.core
import Pyro.naming


class Telescope(Pyro.core.ObjBase):
    def __init__(self):
        Pyro.core.ObjBase.__init__(self)
        self.place = (0, 90)
        self.moves = 0

    def point(self, azimuth, altitude):
        before, self.place = self.place, (azimuth, altitude)
        self.moves += 1
        return before

    def where(self):
        return self.place

    def howOften(self):
        return self.moves


Pyro.core.initServer(banner=0)
daemon = Pyro.core.Daemon()
ns = Pyro.naming.NameServerLocator().getNS()
daemon.useNameServer(ns)
uri = daemon.connect(Telescope(), "telescope")
print("telescope is at", uri)

try:
    print("daemon running")
    daemon.requestLoop()
except KeyboardInterrupt:
    print("closing the dome")
finally:
    daemon.shutdown(True)
print("names that are left:", ns.list(":Default"))
