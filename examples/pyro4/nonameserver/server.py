"""Works without a name server. Start it; it says what to tell client.py."""

import Pyro4


@Pyro4.expose
class Greeter:
    def greet(self, name):
        return f"Good day, {name}."


with Pyro4.Daemon() as daemon:
    uri = daemon.register(Greeter, "example.greeter")
    print("uri =", uri)
    print("its parts:", uri.protocol, uri.object, uri.host, type(uri.port).__name__)
    print("Pyro daemon running.")
    daemon.requestLoop()
