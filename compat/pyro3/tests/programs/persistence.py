"""Servers that die and return, with their names and identities (1.1, 3.3)."""

import lab

import Pyro.core
import Pyro.naming
from Pyro.errors import ConnectionClosedError, ProtocolError, TimeoutError


class Counter(Pyro.core.ObjBase):
    def __init__(self, start=0):
        Pyro.core.ObjBase.__init__(self)
        self.value = start

    def add(self):
        self.value += 1
        return self.value

    def stop(self):
        self.getDaemon().shutdown(True)


def server(port, start):
    Pyro.core.initServer()
    daemon = Pyro.core.Daemon(port=int(port), norange=1)
    ns = Pyro.naming.NameServerLocator().getNS()
    daemon.useNameServer(ns)
    daemon.connectPersistent(Counter(int(start)), "counter")
    fixed = Counter(100)
    fixed.setGUID("0123456789abcdef0123456789abcdef")
    daemon.connect(fixed)
    try:
        daemon.connect(Counter(200), "plain")
    except Pyro.core.NamingError as error:
        lab.say(*error.args)
    lab.ready()
    daemon.requestLoop()
    lab.say(sorted(name for name, _ in ns.flatlist()))


def client():
    port = lab.port()
    ns = Pyro.naming.NameServerLocator().getNS()
    program = lab.part("server", port, 0)
    counter = Pyro.core.getProxyForURI("PYRONAME://counter")
    fixed = Pyro.core.getProxyForURI(
        "PYRO://localhost:%d/0123456789abcdef0123456789abcdef" % port
    )
    lab.say("first", counter.add(), fixed.add(), counter.adapter.connected())
    before = str(ns.resolve("counter"))
    program.kill()
    lab.until(lambda: program.process.poll() is not None)
    try:
        counter.add()
    except ConnectionClosedError as error:
        lab.say(
            "it existed and broke", type(error).__name__, isinstance(error, ProtocolError)
        )
    lab.say("connected", counter.adapter.connected())
    lab.say("not there", lab.fault(counter.add))
    lab.say("in vain", lab.fault(counter.adapter.rebindURI, 2, 0.1))
    lab.say("that is", issubclass(TimeoutError, ConnectionClosedError))
    lab.say("name is kept", str(ns.resolve("counter")) == before)
    program = lab.part("server", port, 10)
    for line in program.lines:
        lab.say("server:", line)
    counter.adapter.rebindURI(tries=10, wait=0.2)
    lab.say("after rebinding", counter.add(), counter.adapter.connected())
    lab.say("same uri", str(ns.resolve("counter")) == before, str(counter.URI) == before)
    lab.say("fixed identity", lab.fault(fixed.add)[0], fixed.add())
    program.kill()
    lab.until(lambda: program.process.poll() is not None)
    other = lab.port()
    program = lab.part("server", other, 20)
    moved = Pyro.core.getProxyForURI("PYRONAME://counter")
    lab.say(
        "at another port", moved.add(), str(moved.URI) == before, moved.URI.port == other
    )
    ns.unregister("plain")
    moved.stop()
    lab.say("status", program.end())
    for line in program.lines:
        lab.say("server:", line)
    lab.say("still named", str(ns.resolve("counter")) == str(moved.URI))


lab.play({"server": server, "client": client}, with_names=True)
