"""A loop of one's own for a name server, its beacon and two daemons. Then start client.py.

Usage: python program.py TYPE PORT     (thread or multiplex; PORT of the name server)
"""

import select
import sys

import Pyro4
import Pyro4.naming

Pyro4.config.SERVERTYPE = sys.argv[1]


@Pyro4.expose
class Toaster:
    toast = 0

    def make_toast(self):
        Toaster.toast += 1
        return f"toast number {Toaster.toast}"


names_uri, names_daemon, beacon = Pyro4.naming.startNS(port=int(sys.argv[2]))
print("a beacon at this address:", beacon is not None)
if beacon is None:  # localhost needs none, but this program wants to show one
    beacon = Pyro4.naming.BroadcastServer(names_uri, bchost="127.0.0.1", bcport=0)
daemons = [names_daemon, Pyro4.Daemon(), Pyro4.Daemon()]
for number in (1, 2):
    uri = daemons[number].register(Toaster())
    names_daemon.nameserver.register(f"example.toaster.{number}", uri)

if sys.argv[1] == "multiplex":
    print("Pyro daemon running, with all others inside of it.")
    for other in (beacon, names_daemon, daemons[1]):
        daemons[2].combine(other)
    daemons[2].requestLoop(lambda: Toaster.toast < 4)
else:
    print("Pyro daemon running, in a loop of ours.")
    while Toaster.toast < 4:
        owners = {sock: daemon for daemon in daemons for sock in daemon.sockets}
        ready, _, _ = select.select([*owners, beacon], [], [], 0.2)
        for daemon in daemons:
            if events := [sock for sock in ready if owners.get(sock) is daemon]:
                daemon.events(events)
        if beacon in ready:
            beacon.processRequest()
for server in (*daemons, beacon):
    server.close()
print("all toast is made")
