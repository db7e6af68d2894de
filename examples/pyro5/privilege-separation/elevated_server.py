"""A small server with the rights of root, which does one thing for everybody.

/etc/shadow is for root only, because of the passwords in it. This server tells which
accounts have no usable password, and nothing else of the file.

    sudo python elevated_server.py
    python elevated_client.py        (as any user; paste the URI)
"""

import os
import sys

import Pyro5.api


@Pyro5.api.expose
class Accounts:
    def locked(self):
        """Return the names of the accounts that nobody can log in to by password."""
        with open("/etc/shadow") as file:
            fields = [line.split(":") for line in file]
        return sorted(name for name, password, *_ in fields if password[:1] in "!*")


if os.geteuid() != 0:
    sys.exit("This server must run as root.")
Pyro5.api.serve({Accounts: "example.accounts"}, use_ns=False)
