"""Calls without answers (3.14)."""

import copy
import time

import lab

import Pyro.core


class Sink(Pyro.core.ObjBase):
    def __init__(self):
        Pyro.core.ObjBase.__init__(self)
        self.got = []

    def put(self, value, wait=0):
        time.sleep(wait)
        self.got.append(value)
        return len(self.got)

    def fail(self):
        self.got.append("failed")
        raise ValueError("nobody hears")

    def whose(self):
        storage = self.getLocalStorage()
        self.got.append((storage.caller.addr[0], getattr(storage, "mine", None)))

    def mine(self):
        self.getLocalStorage().mine = "mine"

    def all(self):
        got, self.got = self.got, []
        return got

    def size(self):
        return len(self.got)


def server(threaded):
    Pyro.config.PYRO_ONEWAY_THREADED = int(threaded)
    daemon = Pyro.core.Daemon(port=0, norange=1)
    with open(lab.path("uri"), "w") as file:
        file.write(str(daemon.connect(Sink())))
    lab.ready()
    daemon.requestLoop()


def client():
    for threaded in "10":
        program = lab.part("server", threaded)
        sink = Pyro.core.getProxyForURI(open(lab.path("uri")).read())
        lab.say("both ways", sink.put(0), sink.all())
        sink._setOneway("put")
        sink._setOneway(["fail", "whose"])
        sink._setOneway(("nothing",))
        lab.say("names", sorted(sink.adapter.onewayMethods))
        begin = time.time()
        lab.say("result", sink.put(1, 1), "at once", time.time() - begin < 0.5)
        sink.size()
        lab.say("connection is free", time.time() - begin < 0.7)
        lab.say("done", lab.until(sink.size), sink.all())
        lab.say("error", sink.fail())
        lab.say("unknown", sink.nothing())
        lab.say("arguments", sink.put())
        lab.until(sink.size)
        lab.say("goes on", sink.all())
        again = copy.copy(sink)
        lab.say("copied", again.put(2), lab.until(sink.size), sink.all())
        other = Pyro.core.getProxyForURI(sink.URI)
        lab.say("another proxy", other.put(3), sink.all())
        sink.mine()
        sink.whose()
        lab.until(sink.size)
        lab.say("storage", sink.all())
        program.kill()


lab.play({"server": server, "client": client})
