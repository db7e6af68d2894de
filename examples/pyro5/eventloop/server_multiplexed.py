"""One loop for name server, beacon and daemon, made by combine(). Then client.py.

The multiplex server waits for all its connections at once; a daemon can take others into
its loop. What else is to be done from time to time can be in the condition of the loop.
"""

import Pyro5.api
from parts import make_parts

Pyro5.config.SERVERTYPE = "multiplex"
Pyro5.config.POLLTIMEOUT = 3  # how often the condition is asked when nothing happens


def go_on():
    """Called in every round; a False would end the loop."""
    print("one more round")
    return True


names_daemon, beacon, daemon = make_parts()
daemon.combine(names_daemon)
daemon.combine(beacon)
print("beacon port:", beacon.getPort())
print("ready")
daemon.requestLoop(go_on)
print("stopped")
for part in (beacon, names_daemon, daemon):
    part.close()
