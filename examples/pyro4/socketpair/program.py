"""A daemon and a proxy on the two ends of a pair of sockets: nobody else can call.

Usage: python program.py thread      daemon in a thread
       python program.py process     daemon in a child process
"""

import os
import socket
import sys
import threading

import Pyro4

Pyro4.config.SERIALIZER = "pickle"  # harmless here: nobody else can send one
Pyro4.config.SERIALIZERS_ACCEPTED.add("pickle")


class Point(complex):
    """Something that only pickle can carry as it is."""


@Pyro4.expose
class Compass:
    def turn(self, point):
        return Point(point * 1j)

    def pid(self):
        return os.getpid()


def serve(connection):
    with connection, Pyro4.Daemon(connected_socket=connection) as daemon:
        daemon.register(Compass, "compass")
        daemon.requestLoop()
    print("the daemon ends")


def use(connection):
    with connection, Pyro4.Proxy("compass", connected_socket=connection) as compass:
        turned = compass.turn(Point(3, 4))
        print("turned:", type(turned).__name__, turned)
        print("in this process:", compass.pid() == os.getpid())


ours, theirs = socket.socketpair()
if sys.argv[1] == "thread":
    server = threading.Thread(target=serve, args=(theirs,))
    server.start()
    use(ours)
    server.join()
elif child := os.fork():
    theirs.close()
    use(ours)
    os.waitpid(child, 0)
else:
    ours.close()
    serve(theirs)
