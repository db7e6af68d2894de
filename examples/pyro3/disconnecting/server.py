"""A library that lends books: objects that come, and go again."""

import Pyro.core
import Pyro.naming


class Book(Pyro.core.ObjBase):
    def __init__(self, title):
        Pyro.core.ObjBase.__init__(self)
        self.title = title

    def read(self):
        return f"Once upon a time, {self.title}"


class Library(Pyro.core.ObjBase):
    def lend(self, title):
        book = Book(title)
        self.getDaemon().connect(book)  # transient: no name
        return book.getProxy()

    def takeBack(self, book):
        self.getDaemon().disconnect(book.objectID)

    def close(self):
        self.getDaemon().shutdown()


def show(title):
    names = daemon.getRegistered().values()
    print(title, sorted(str(name) for name in names if "Internal" not in str(name)))


Pyro.core.initServer()
daemon = Pyro.core.Daemon()
ns = Pyro.naming.NameServerLocator().getNS()
daemon.useNameServer(ns)
daemon.connect(Library(), "library")
desk = Book("the rules of this house")
daemon.connect(desk, "rules")
show("connected:")
daemon.disconnect(desk)  # the name goes with it
show("connected:")
print("names:", ns.list(":Default"))
print("daemon running")
daemon.requestLoop()
show("at the end:")
daemon.shutdown(True)
show("after that:")
print("names:", ns.list(":Default"))
