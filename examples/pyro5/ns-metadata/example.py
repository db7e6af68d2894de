"""Find things by what they are: names may have tags in the name server.

Each in a terminal of its own:

    python -m Pyro5.nameserver
        python example.py
"""

import threading

import Pyro5.api
import Pyro5.errors
from resources import PhotoPrinter, Printer

ns = Pyro5.api.locate_ns()
daemon = Pyro5.api.Daemon()
thread = threading.Thread(target=daemon.requestLoop)
thread.start()


def add(name, printer, *tags):
    """Register a printer with tags, and with tags for its classes."""
    uri = daemon.register(printer)
    ns.register(name, uri, metadata={*tags, *Pyro5.api.type_meta(printer)})


def show(title, found):
    print(title)
    for name, (_, tags) in sorted(found.items()):
        print("   ", name, sorted(tags))


add("printer.hall", Printer("in the hall"), "speed:slow", "floor:1")
add("printer.office", Printer("in the office"), "speed:fast", "floor:2")
add("printer.photo", PhotoPrinter("in the studio"), "speed:slow", "floor:2", "colour")

show("all printers:", ns.list(prefix="printer.", return_metadata=True))
show("on floor 2 and slow:", ns.yplookup(meta_all={"floor:2", "speed:slow"}))
show("fast or with colour:", ns.yplookup(meta_any={"speed:fast", "colour"}))
show("of the class PhotoPrinter:", ns.yplookup(meta_all=Pyro5.api.type_meta(PhotoPrinter)))

print("The photo printer gets a faster drive.")
uri, tags = ns.lookup("printer.photo", return_metadata=True)
ns.set_metadata("printer.photo", tags - {"speed:slow"} | {"speed:fast"})
show("fast:", ns.yplookup(meta_all={"speed:fast"}))

with Pyro5.api.Proxy("PYROMETA:speed:fast,colour") as printer:  # a proxy for any such one
    print(printer.print_photo("cat"))
try:
    Pyro5.api.Proxy("PYROMETA:floor:7")._pyroBind()
except Pyro5.errors.NamingError:
    print("nothing is on floor 7: NamingError")

names = Pyro5.api.Proxy("PYROMETA:class:Pyro5.nameserver.NameServer")
names._pyroBind()
print("the name server found itself at", names._pyroUri)
names._pyroRelease()

print("removed:", ns.remove(prefix="printer."))
ns._pyroRelease()
daemon.shutdown()
thread.join()
