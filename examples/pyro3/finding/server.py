"""A clock that can be found in three ways."""

import Pyro.core
import Pyro.naming


class Clock(Pyro.core.ObjBase):
    def tell(self):
        return "half past ten"


Pyro.core.initServer()
daemon = Pyro.core.Daemon()
ns = Pyro.naming.NameServerLocator().getNS()
daemon.useNameServer(ns)
ns.createGroup(":Tower")
uri = daemon.connect(Clock(), ":Tower.clock")
with open("clock.uri", "w") as file:
    file.write(str(uri) + "\n")

try:
    print("port", daemon.port)
    print("daemon running")
    daemon.requestLoop()
except KeyboardInterrupt:
    print("bye")
finally:
    daemon.shutdown(True)
    ns.deleteGroup(":Tower")
