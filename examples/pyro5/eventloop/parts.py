"""What both servers of this example have in one process: names, a beacon and an object."""

import Pyro5.api


@Pyro5.api.expose
class Workbench:
    def multiply(self, x, y):
        return x * y

    def shout(self, text):
        return text.upper()


def make_parts():
    """Return the daemon of a name server, its beacon, and a daemon with an object.

    The beacon answers clients that look for a name server by broadcast. On one machine
    nobody needs it, so start_ns makes none; here is how to have it nevertheless.
    """
    uri, names_daemon, _ = Pyro5.api.start_ns(host="localhost", enableBroadcast=False)
    beacon = Pyro5.nameserver.BroadcastServer(uri, bchost="127.0.0.1", bcport=0)
    daemon = Pyro5.api.Daemon(host="localhost")
    names_daemon.nameserver.register("example.eventloop", daemon.register(Workbench))
    return names_daemon, beacon, daemon
