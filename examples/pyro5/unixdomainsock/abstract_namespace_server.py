"""A server on a socket that has a name but no file: only on Linux.

The name starts with a zero character, which cannot be typed. The URI shows "@" instead, and
client.py puts it right.

    python abstract_namespace_server.py
    python client.py        (paste the URI)
"""

import sys

import Pyro5.api
from server import Radio

name = sys.argv[1] if len(sys.argv) > 1 else "example_unix_abstract"
with Pyro5.api.Daemon(unixsocket="\0" + name) as daemon:
    uri = daemon.register(Radio, "example.radio")
    print("URI of the radio:", str(uri).replace("\0", "@"), flush=True)
    daemon.requestLoop()
