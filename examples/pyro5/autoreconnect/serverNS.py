"""Like server.py, with the name server as its memory. Start names, this, then clientNS.py.

No number is fixed: the name server knows under which port and id the object was served
before, and clients that are still connected to it find it there again.
"""

import Pyro5.api

NAME = "example.autoreconnect"


@Pyro5.api.expose
class Relay:
    def forward(self, number):
        print("forward", number)
        return f"{number} arrived"


with Pyro5.api.locate_ns() as names:
    try:
        previous = names.lookup(NAME)
        print("Served before as", previous)
        port, object_id = previous.port, previous.object
    except Pyro5.errors.NamingError:
        print("Never served before.")
        port, object_id = 0, None
    daemon = Pyro5.api.Daemon(port=port)
    uri = daemon.register(Relay, objectId=object_id)
    names.register(NAME, uri)

with daemon:
    print("uri =", uri)
    print("Stop me with Ctrl-C, and start me again.")
    daemon.requestLoop()
