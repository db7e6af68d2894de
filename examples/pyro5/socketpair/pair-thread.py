"""A daemon in a thread, joined to its client by a pair of sockets: no address, no port.

Run it:

    python pair-thread.py
"""

import os
import socket
import threading

import Pyro5.api
from service import Service


def serve(sock):
    with Pyro5.api.Daemon(connected_socket=sock) as daemon:
        daemon.register(Service, "service")
        daemon.requestLoop()
    print("the other end is closed, the server's thread ends")


client_side, server_side = socket.socketpair()
thread = threading.Thread(target=serve, args=[server_side], name="server")
thread.start()

for number in 1, 2:  # a proxy leaves the socket open, so that another can use it
    with Pyro5.api.Proxy("service", connected_socket=client_side) as service:
        print(f"proxy {number}:", service.greet("thread"))
        process, name = service.place()
        print(f"proxy {number}: my process: {process == os.getpid()}, thread: {name}")

client_side.close()
thread.join()
server_side.close()
print("the end")
