"""A server on a socket in the file system, which takes no port and no network.

Each in a terminal of its own:

    python server.py [file]
    python client.py        (paste the URI; it has the name of the file)
"""

import sys

import Pyro5.api


@Pyro5.api.expose
class Radio:
    def send(self, message):
        print("received:", message, flush=True)
        return "roger"


if __name__ == "__main__":
    path = sys.argv[1] if len(sys.argv) > 1 else "example_unix.sock"
    with Pyro5.api.Daemon(unixsocket=path) as daemon:
        print("location:", daemon.locationStr)
        print("URI of the radio:", daemon.register(Radio, "example.radio"), flush=True)
        daemon.requestLoop()
    print("the file is removed")
