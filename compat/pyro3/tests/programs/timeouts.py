"""Time-outs of both sides, and released proxies (3.11)."""

import time

import lab

import Pyro.core
from Pyro.errors import ConnectionClosedError, TimeoutError


class Slow(Pyro.core.ObjBase):
    def __init__(self):
        Pyro.core.ObjBase.__init__(self)
        self.done = 0

    def work(self, seconds):
        time.sleep(seconds)
        self.done += 1
        return "worked"

    def finished(self):
        return self.done

    def port(self):
        return self.getLocalStorage().caller.addr[1]

    def idle(self, seconds):
        self.getDaemon().setTimeout(seconds)


def server():
    daemon = Pyro.core.Daemon(port=0, norange=1)
    with open(lab.path("uri"), "w") as file:
        file.write(str(daemon.connect(Slow())))
    lab.ready()
    daemon.requestLoop()


def client():
    slow = Pyro.core.getProxyForURI(open(lab.path("uri")).read())
    lab.say("off", slow.adapter.timeout)
    slow._setTimeout(0.5)
    lab.say("on", slow.adapter.timeout)
    lab.say("quick", slow.work(0))
    before = slow.port()
    begin = time.time()
    try:
        slow.work(1.5)
    except TimeoutError as error:
        lab.say(
            "expired", isinstance(error, ConnectionClosedError), time.time() - begin < 1.2
        )
    lab.say("dropped", slow.adapter.connected())
    lab.say("reconnects", slow.finished(), slow.port() != before)
    lab.say("ran all the same", lab.until(lambda: slow.finished() == 2))
    copied = slow.__copy__()
    lab.say("copied", copied.adapter.timeout, copied.adapter.connected())
    slow._setTimeout(None)
    lab.say("off again", slow.adapter.timeout, slow.work(0.8))
    slow.adapter.setTimeout(3)
    lab.say("adapter", slow.adapter.timeout)
    before = slow.port()
    slow._release()
    lab.say("released", slow.adapter.connected(), slow.port() != before)
    slow.adapter.release()
    slow.adapter.release()
    lab.say("again", slow.adapter.connected(), slow.finished())
    slow.idle(0.5)
    other = Pyro.core.getProxyForURI(slow.URI)
    lab.say("idle client", other.finished())
    time.sleep(1.2)  # longer than it may be idle
    try:
        other.finished()
    except ConnectionClosedError as error:
        lab.say("was dropped", type(error).__name__)
    lab.say("comes back", other.finished())
    nowhere = Pyro.core.getProxyForURI("PYRO://localhost:%d/x" % lab.port())
    nowhere._setTimeout(0.5)
    lab.say("nobody", lab.fault(nowhere.ping))
    late = Pyro.core.getProxyForURI("PYRO://localhost:%d/x" % lab.port())
    lab.say("in vain", lab.fault(late.adapter.rebindURI, 1, 0))
    late._transferThread()
    lab.say("truth", bool(late), late == late, late != 1)


lab.play({"server": server, "client": client}, first=["server"])
