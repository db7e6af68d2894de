"""Closes what its clients forget. Start it, then client.py."""

import Pyro4
from Pyro4 import current_context


class Tool:
    def __init__(self, name):
        self.name = name

    def close(self):
        print(self.name, "is put back")


@Pyro4.expose
@Pyro4.behavior(instance_mode="single")
class Workshop:
    """Keeps its tools; a connection only remembers which it has to give back."""

    def __init__(self):
        self._tools = {}

    def borrow(self, name):
        self._tools[name] = Tool(name)
        current_context.track_resource(self._tools[name])

    def give_back(self, name):
        tool = self._tools.pop(name)
        current_context.untrack_resource(tool)
        tool.close()

    def list(self):
        return sorted(self._tools)


class Daemon(Pyro4.Daemon):
    def clientDisconnect(self, conn):
        print("a client left, tools on loan:", len(conn.tracked_resources))


daemon = Daemon()
print("uri =", daemon.register(Workshop, "example.workshop"))
print("Pyro daemon running.")
daemon.requestLoop()
