"""Tags of names, and how to find by them. Start names, then this."""

import Pyro4
import Pyro4.naming


class Printer:
    @Pyro4.expose
    def where(self):
        return "printer"


names = Pyro4.locateNS()
tags = {"attic": {"fast", "colour"}, "cellar": {"slow"}, "hall": ["colour", "free"]}
for room, marks in tags.items():
    uri = f"PYRO:{room}@localhost:55555"
    names.register(f"printer.{room}", uri, metadata=marks)


def show(title, found):
    print(f"{title}:", *sorted(name.partition(".")[2] for name in found))


show("colour and fast", names.list(metadata_all={"colour", "fast"}))
show("free or slow", names.list(metadata_any=["free", "slow"]))
show("both of one", names.list(metadata_all=["slow", "fast"]))

print("-- tags come along when asked for, as lists")
uri, marks = names.lookup("printer.attic", return_metadata=True)
print(uri, sorted(marks))
for name, (uri, marks) in sorted(names.list(regex="printer", return_metadata=True).items()):
    print(name, uri, sorted(marks))

print("-- they can be set anew")
names.set_metadata("printer.attic", ["broken"])
names.set_metadata("printer.cellar", None)
show("with a tag", names.list(metadata_any=["colour", "broken", "slow"]))

print("-- and a URI can ask for them")
marks = Pyro4.naming.type_meta(Printer) | {"real"}
print(*sorted(marks))
with Pyro4.Daemon() as daemon:
    names.register("printer.real", daemon.register(Printer), metadata=marks)
    real = Pyro4.resolve("PYROMETA:real,class:__main__.Printer")
    print(real == daemon.uriFor(Printer))
try:
    Pyro4.resolve("PYROMETA:invisible")
except Pyro4.errors.NamingError:
    print("nothing has that tag")
try:
    names.list(prefix="printer", metadata_all=["free"])
except ValueError:
    print("one way to search at a time")
print(names.remove(prefix="printer."), "removed")
names._pyroRelease()
