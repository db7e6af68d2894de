"""Passes on parcels unopened. Start names, this, receiver.py, then sender.py."""

import Pyro4


@Pyro4.expose
@Pyro4.behavior(instance_mode="single")
class PostOffice:
    def __init__(self):
        self._receivers = {}

    def rent_box(self, name, receiver):
        """Pass on what is for *name* to the proxy *receiver*, from any thread."""
        self._receivers[name] = receiver

    def send(self, parcel):
        print(f"a parcel for {parcel.info}, {type(parcel).__name__}, still closed")
        self._receivers[parcel.info].take(parcel)


Pyro4.Daemon.serveSimple({PostOffice: "example.post"})
