"""Name server, event server, objects and clients in one process, with loops in threads."""

import os
import threading

import lab

os.environ["PYRO_NS_HOSTNAME"] = "localhost"
os.environ["PYRO_NS_PORT"] = str(lab.port())
os.environ["PYRO_PORT"] = str(lab.port())

import Pyro.core
import Pyro.EventService.Clients
import Pyro.EventService.Server
import Pyro.naming


class Plain:
    unit = "K"

    def __init__(self):
        self.value = 1
        self.inner = {"a": [1]}

    def double(self):
        return 2 * self.value


class Relay(Pyro.core.ObjBase):
    def ask(self, proxy):
        return proxy.double() + 1

    def itself(self):
        return self.getProxy()

    def ask_itself(self):
        return self.getProxy().number()

    def number(self):
        return 7


class Ear(Pyro.EventService.Clients.Subscriber):
    def __init__(self):
        Pyro.EventService.Clients.Subscriber.__init__(self)
        self.heard = []

    def event(self, event):
        self.heard.append((event.subject, event.msg))


def thread(target, *args, **kwargs):
    found = threading.Thread(target=target, args=args, kwargs=kwargs, daemon=True)
    found.start()
    return found


def client():
    lab.say(
        "names", hasattr(Pyro, "util"), hasattr(Pyro, "errors"), hasattr(Pyro, "protocol")
    )
    lab.say(
        "same", Pyro.core.PyroError is Pyro.errors.PyroError, Pyro.constants.NAMESERVER_NAME
    )
    starter = Pyro.naming.NameServerStarter()
    with open(os.devnull, "w") as nothing:
        old, lab.sys.stdout = lab.sys.stdout, nothing
        names = thread(
            starter.start,
            hostname="localhost",
            nsport=int(os.environ["PYRO_NS_PORT"]),
            dontlookupother=1,
            nobroadcast=1,
        )
        lab.until(lambda: starter.waitUntilStarted(0.1))
        events = Pyro.EventService.Server.EventServiceStarter()
        serving = thread(events.start, hostname="localhost", port=0, norange=1)
        lab.until(lambda: events.waitUntilStarted(0.1))
        lab.sys.stdout = old
    ns = Pyro.naming.NameServerLocator().getNS()
    lab.say("found", sorted(name for name, _ in ns.flatlist()))

    daemon = Pyro.core.Daemon()
    daemon.useNameServer(ns)
    plain, front, relay = Plain(), Pyro.core.ObjBase(), Relay()
    front.delegateTo(plain)
    daemon.connect(front, "plain")
    daemon.connect(relay, "relay")
    stop = []
    loop = thread(daemon.requestLoop, lambda: not stop, 0.1)

    far = Pyro.core.getAttrProxyForURI("PYRONAME://plain")
    lab.say("read", far.unit, far.value, far.double())
    far.value = 21
    far.new = "made"
    lab.say("written", plain.value, plain.new, far.double(), far.new)
    far.value += 1
    lab.say("added", plain.value)
    far.inner["a"].append(2)
    lab.say("a copy", plain.inner, far.inner)
    lab.say("a method", lab.fault(setattr, far, "double", 1))
    lab.say("nothing", lab.fault(lambda: far.nothing)[0])
    lab.say("kinds", far.findattr("double"), far.findattr("value"))
    lab.say(
        "a delegate's",
        lab.fault(lambda: far.GUID())[0],
        front.getProxy().GUID() == front.GUID(),
    )

    near = Pyro.core.getProxyForURI("PYRONAME://relay")
    lab.say("relay", near.ask(far), near.ask_itself(), near.itself() == near)
    near.mark = 5
    lab.say("local", near.mark, near.number())
    stored = near.number
    lab.say("stored", stored(), lab.fault(len, near)[0])
    lab.say("local object", daemon.getLocalObjectForProxy(near) is relay)
    lab.say("foreign", lab.fault(daemon.getLocalObject, "none")[0])
    lab.say("in a dict", {near: 1, near.URI: 2}[near.itself()])

    ear = Ear()
    ear.subscribe(["one", "TWO"])
    ear.subscribeMatch("th.*")
    listening = thread(ear.listen)
    publisher = Pyro.EventService.Clients.Publisher()
    publisher.publish("ONE", 1)
    publisher.publish(["two", "three", "four"], (2, "x"))
    lab.until(lambda: len(ear.heard) == 3)
    lab.say("heard", sorted(ear.heard))
    ear.abort()
    listening.join(10)
    lab.say("listener", listening.is_alive())

    stop.append(1)
    loop.join(10)
    daemon.shutdown(True)
    lab.say("left", loop.is_alive(), sorted(ns.list("")))
    events.shutdown(None)
    serving.join(10)
    lab.say("events", serving.is_alive())
    starter.shutdown()
    names.join(10)
    lab.say("names", names.is_alive(), lab.fault(Pyro.naming.NameServerLocator().getNS)[0])


lab.play({"client": client})
