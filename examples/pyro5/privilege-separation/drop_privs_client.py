"""See what drop_privs_server.py may do, and what not any more."""

import Pyro5.api

with Pyro5.api.Proxy(input("URI of the probe: ").strip()) as probe:
    print("the server runs as", probe.user())
    try:
        probe.read("/etc/shadow")
    except PermissionError as error:
        print("cannot read the file:", error.strerror)
    try:
        probe.become_root()
    except PermissionError as error:
        print("cannot become root:", error.strerror)
