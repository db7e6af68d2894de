"""Prints what it knows about a call besides its arguments. Start it, then client.py."""

import Pyro5.api
from Pyro5.api import current_context


def show(method):
    print(f"{method}:")
    print("  from", current_context.client_sock_addr[0])
    print("  number", current_context.seq)
    print("  correlation id", current_context.correlation_id)
    for name, value in sorted(current_context.annotations.items()):
        print(f"  annotation {name}:", bytes(value))


class Meter:
    @Pyro5.api.expose
    def echo(self, message):
        show("echo")
        current_context.response_annotations = {"METR": b"from the method"}
        return message

    @Pyro5.api.expose
    @Pyro5.api.oneway
    def oneway(self):
        show("oneway")
        current_context.response_annotations = {"METR": b"nobody reads this"}
        print("ready")


class AnnotatingDaemon(Pyro5.api.Daemon):
    def annotations(self):
        """Return what goes along with every answer."""
        return {"DDAA": b"from the daemon"}


Pyro5.api.serve({Meter: "example.meter"}, use_ns=False, daemon=AnnotatingDaemon())
