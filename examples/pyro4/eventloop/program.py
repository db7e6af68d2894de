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


names_uri, names_daemon, beacon = Pyro4.naming.startNS(
    host="127.0.0.1", port=int(sys.argv[2]), bchost="127.0.0.1", bcport=0
)
print("a beacon:", beacon is not None)
daemons = [names_daemon, Pyro4.Daemon(), Pyro4.Daemon()]
for number in (1, 2):
    uri = daemons[number].register(Toaster)
    names_daemon.nameserver.register(f"example.toaster.{number}", uri)

if sys.argv[1] == "multiplex":
    print("Pyro daemon running, with all others inside of it.")
    if beacon:
        daemons[2].combine(beacon)
    daemons[2].combine(names_daemon)
    daemons[2].combine(daemons[1])
    daemons[2].requestLoop(lambda: Toaster.toast < 4)
else:
    print("Pyro daemon running, in a loop of ours.")
    sources = [*daemons, beacon] if beacon else daemons
    while Toaster.toast < 4:
        sockets = {sock: d for d in daemons for sock in d.sockets}
        waiting = [*sockets, beacon] if beacon else [*sockets]
        ready, _, _ = select.select(waiting, [], [], 0.2)
        for daemon in daemons:
            if events := [sock for sock in ready if sockets.get(sock) is daemon]:
                daemon.events(events)
        if beacon in ready:
            beacon.processRequest()
for daemon in daemons:
    daemon.close()
if beacon:
    beacon.close()
print("all toast is made")
