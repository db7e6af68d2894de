"""A server that needs root to start, but not to serve, and gives the rights away.

What needs root here is port 987: those below 1024 are not for everybody.

    sudo python drop_privs_server.py [port]
    python drop_privs_client.py        (as any user; paste the URI)
"""

import os
import pwd
import sys

import Pyro5.api


class ModestDaemon(Pyro5.api.Daemon):
    """Becomes another user as soon as its socket is open."""

    def __init__(self, user, host=None, port=0):
        super().__init__(host, port)
        account = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)  # the last: after it there is no way back
        print("now I am", pwd.getpwuid(os.geteuid()).pw_name)


@Pyro5.api.expose
class Probe:
    def user(self):
        return pwd.getpwuid(os.geteuid()).pw_name

    def read(self, path):
        with open(path) as file:
            return file.read()

    def become_root(self):
        os.setuid(0)


if os.geteuid() != 0:
    sys.exit("This server must be started as root.")
daemon = ModestDaemon("nobody", port=int(sys.argv[1]) if len(sys.argv) > 1 else 987)
Pyro5.api.serve({Probe: "example.probe"}, daemon=daemon, use_ns=False)
