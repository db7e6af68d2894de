"""Has a box at the post office, and opens what comes."""

import parcels
import Pyro4


class Receiver:
    @Pyro4.expose
    def take(self, parcel):
        gift = parcel.deserialized()
        print("a", type(gift).__name__, "with", gift.what, "wrapped" * gift.wrapped)


with Pyro4.Daemon() as daemon:
    receiver = Receiver()
    daemon.register(receiver)
    Pyro4.Proxy("PYRONAME:example.post").rent_box("Ben", receiver)
    print("box of Ben is ready for each", parcels.Gift.__name__)
    daemon.requestLoop()
