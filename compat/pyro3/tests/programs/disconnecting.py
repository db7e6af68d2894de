"""Connecting, disconnecting and what is registered (1.1, 3.7, 3.17)."""

import lab

import Pyro.core
import Pyro.naming
from Pyro.constants import INTERNAL_DAEMON_GUID


class Thing(Pyro.core.ObjBase):
    def ping(self):
        return "pong"


class Manager(Pyro.core.ObjBase):
    def __init__(self):
        Pyro.core.ObjBase.__init__(self)
        self.things = {}

    def make(self, name):
        thing = self.things[name] = Thing()
        self.getDaemon().connect(thing, name or None)
        return thing.getProxy()

    def drop(self, name, by_id=False):
        thing = self.things[name]
        self.getDaemon().disconnect(thing.objectGUID if by_id else thing)
        return thing.getDaemon()

    def drop_unknown(self):
        self.getDaemon().disconnect("no such id")

    def drop_daemon(self):
        self.getDaemon().disconnect(INTERNAL_DAEMON_GUID)
        return len(self.getDaemon().getRegistered())

    def local(self, proxy):
        return self.getDaemon().getLocalObjectForProxy(proxy) is self.things["b"]

    def stop(self):
        self.getDaemon().shutdown(True)


def server():
    Pyro.core.initServer()
    daemon = Pyro.core.Daemon()
    ns = Pyro.naming.NameServerLocator().getNS()
    daemon.useNameServer(ns)
    lab.say(
        "no daemon yet", lab.fault(Thing().getDaemon)[0], lab.fault(Thing().getProxy)[0]
    )
    lab.say("same name server", daemon.getNameServer() is ns)
    daemon.connect(Manager(), "manager")
    lab.ready()
    daemon.requestLoop()
    lab.say("after", len(daemon.getRegistered()), sorted(name for name, _ in ns.flatlist()))


def client():
    program = lab.part("server")
    ns = Pyro.naming.NameServerLocator().getNS()
    manager = Pyro.core.getProxyForURI("PYRONAME://manager")
    a = manager.make("a")
    b = manager.make("b")
    transient = manager.make("")
    lab.say("calls", a.ping(), b.ping(), transient.ping())
    lab.say("names", sorted(ns.list("")))
    uri = Pyro.core.PyroURI(a.URI.address, INTERNAL_DAEMON_GUID, a.URI.port)
    table = uri.getProxy().getRegistered()
    lab.say("daemon", table[INTERNAL_DAEMON_GUID], len(table))
    lab.say("named", sorted(str(name) for name in table.values()))
    lab.say("of a", table[a.objectID])
    lab.say("resolve", uri.getProxy().ResolvePYROLOC("b") == b.objectID)
    lab.say("unknown", lab.fault(uri.getProxy().ResolvePYROLOC, "x"))
    lab.say("not offered", lab.fault(uri.getProxy().shutdown)[0])
    lab.say("taken", lab.fault(manager.make, "b"))
    lab.say("drop a", manager.drop("a"))
    lab.say("call a", lab.fault(a.ping))
    lab.say("twice", lab.fault(manager.drop, "a")[0])
    lab.say("no name", lab.fault(ns.resolve, "a"))
    lab.say("manager's connection stays", manager.drop_daemon())
    lab.say("unknown id", lab.fault(manager.drop_unknown)[0])
    lab.say("again", manager.make("a").ping(), lab.fault(a.ping))
    manager.drop("", True)
    lab.say("call transient", lab.fault(transient.ping))
    lab.say("names", sorted(ns.list("")))
    manager.stop()
    lab.say("server's end", program.end())
    lab.say("closed", lab.fault(Pyro.core.getProxyForURI(b.URI).ping))
    for line in program.lines:
        lab.say("server:", line)


lab.play({"server": server, "client": client}, with_names=True)
