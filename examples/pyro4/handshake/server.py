"""Lets in who knows the secret. Start it, then client.py."""

import Pyro4


class Club(Pyro4.Daemon):
    def validateHandshake(self, conn, data):
        print("somebody from here:", conn.sock.getpeername()[0] == "127.0.0.1")
        if not isinstance(data, dict) or data.get("secret") != "open sesame":
            print("   is turned away")
            raise ValueError("that is not the word")
        print("   may come in")
        return ["welcome", data["name"]]

    def clientDisconnect(self, conn):
        print("somebody leaves")


@Pyro4.expose
class Bar:
    def drink(self):
        return "tea"


daemon = Club()
print("uri =", daemon.register(Bar, "example.bar"))
print("Pyro daemon running.")
daemon.requestLoop()
