"""Objects without names, and the one that clears them away (3.1)."""

import copy
import time

import lab

import Pyro.core

reaped = []


class Session(Pyro.core.ObjBase):
    def __init__(self, number):
        Pyro.core.ObjBase.__init__(self)
        self.number = number
        self.label = "session %d" % number

    def who(self):
        return self.number

    def _gotReaped(self):
        reaped.append((self.number, self.getDaemon()))


class Factory(Pyro.core.ObjBase):
    def __init__(self):
        Pyro.core.ObjBase.__init__(self)
        self.number = 0

    def session(self, name=None, attributes=False):
        self.number += 1
        session = Session(self.number)
        self.getDaemon().connect(session, name)
        return session.getAttrProxy() if attributes else session.getProxy()

    def count(self):
        return len(self.getDaemon().getRegistered())

    def lost(self):
        return reaped

    def reaping(self, age):
        self.getDaemon().setTransientsCleanupAge(age)


def server(threaded):
    Pyro.config.PYRO_MULTITHREADED = int(threaded)
    daemon = Pyro.core.Daemon(port=0, norange=1)
    daemon.connect(Factory(), "factory")
    with open(lab.path("port"), "w") as file:
        file.write(str(daemon.port))
    lab.ready()
    try:
        daemon.requestLoop(timeout=0.2)
    except KeyboardInterrupt:
        daemon.shutdown(True)
        lab.say("interrupted")


def client():
    for threaded in "10":
        program = lab.part("server", threaded)
        factory = Pyro.core.getProxyForURI(
            "PYROLOC://localhost:%s/factory" % open(lab.path("port")).read()
        )
        one, two = factory.session(), factory.session(attributes=True)
        named = factory.session("named")
        lab.say(repr(one).startswith("<DynamicProxy for PYRO://127.0.0.1:"))
        lab.say(str(two).startswith("<DynamicProxyWithAttrs for PYRO://127.0.0.1:"))
        lab.say("who", one.who(), two.who(), named.who(), two.label)
        lab.say(
            "same", copy.copy(one) == one, one != two, one == 3, len({one, copy.copy(one)})
        )
        lab.say(
            "not by a name",
            lab.fault(
                Pyro.core.getProxyForURI("PYROLOC://localhost:%d/None" % one.URI.port).who
            ),
        )
        lab.say("count", factory.count())
        factory.reaping(1)
        end = time.time() + 1.8
        while time.time() < end:
            lab.fault(two.who)
            time.sleep(0.1)  # often enough for it to stay
        lab.say("lost", factory.lost(), factory.count())
        lab.say("one", lab.fault(one.who))
        lab.say("two", two.who(), "named", named.who())
        status = program.interrupt()
        lab.say(status, program.lines[1:])


lab.play({"server": server, "client": client})
