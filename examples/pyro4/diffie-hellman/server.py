"""Agrees with each client on a secret key, and then talks to those who sign with it.

Start it, then client.py. There are two daemons: one is open and agrees on keys, the other
wants every message signed with the key. One loop serves both.
"""

import secrets

import Pyro4
from exchange import Exchange

Pyro4.config.SERVERTYPE = "multiplex"

open_daemon = Pyro4.Daemon()
signed_daemon = Pyro4.Daemon()


@Pyro4.expose
class KeyGiver:
    def exchange(self, theirs):
        """Take the other's public number, return ours and where to go with the key."""
        ours = Exchange(secrets.randbits(256))
        signed_daemon._pyroHmacKey = ours.key(int(theirs))
        print("a client has a key now")
        return str(ours.public), str(signed_daemon.uriFor("safe"))


@Pyro4.expose
class Safe:
    def open(self):
        print("the safe is opened")
        return "the treasure"


print("uri =", open_daemon.register(KeyGiver, "keys"))
signed_daemon.register(Safe, "safe")
open_daemon.combine(signed_daemon)
print("Pyro daemon running.")
open_daemon.requestLoop()
