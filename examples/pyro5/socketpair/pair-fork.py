"""A daemon in a child process, joined to its parent by a pair of sockets.

Needs os.fork, so it does not run on Windows.

    python pair-fork.py
"""

import os
import socket

import Pyro5.api
from service import Service

client_side, server_side = socket.socketpair()
child = os.fork()
if child == 0:
    client_side.close()
    with Pyro5.api.Daemon(connected_socket=server_side) as daemon:
        daemon.register(Service, "service")
        daemon.requestLoop()  # until the parent closes its end
    os._exit(0)

server_side.close()
for number in 1, 2:  # a proxy leaves the socket open, so that another can use it
    with Pyro5.api.Proxy("service", connected_socket=client_side) as service:
        print(f"proxy {number}:", service.greet("parent"))
        process, name = service.place()
        print(f"proxy {number}: my process: {process == os.getpid()}, thread: {name}")

client_side.close()
_, status = os.waitpid(child, 0)
print("the child ended with", os.waitstatus_to_exitcode(status))
print("the end")
