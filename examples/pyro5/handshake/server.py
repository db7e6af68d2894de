"""A daemon that lets in only who knows the password, and answers with a welcome.

Each in a terminal of its own:

    python server.py
    python client.py        (the password is "tangerine")
"""

import Pyro5.api


class Doorkeeper(Pyro5.api.Daemon):
    def validateHandshake(self, conn, data):
        """Look at what the client sent; what is raised here refuses it."""
        name, password = data["name"], data["password"]
        print(f"{name} is at the door", flush=True)
        if password != "tangerine":
            raise ValueError(f"go away, {name}, that is not the password")
        return ["welcome", name, "there is tea"]  # goes to the client

    def clientDisconnect(self, conn):
        print("somebody has left", flush=True)


@Pyro5.api.expose
class Club:
    def rules(self):
        return ["first rule", "second rule"]


daemon = Doorkeeper()
Pyro5.api.serve({Club: "example.club"}, daemon=daemon, use_ns=False)
