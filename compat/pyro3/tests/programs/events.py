"""Events in both modes: what a subscriber may do within event(), and be besides (1.3)."""

import threading

import lab

import Pyro.core
from Pyro.EventService.Clients import Publisher, Subscriber


class Listener(Subscriber, threading.Thread):
    def __init__(self, uri, threaded):
        threading.Thread.__init__(self)
        Subscriber.__init__(self, esURI=uri)
        self.uri = uri
        self.got = []
        self.threads = set()
        if threaded is not None:
            self.setThreading(threaded)

    def run(self):
        self.listen()

    def event(self, event):
        self.threads.add(threading.current_thread())
        if event.msg == "subscribe":
            self.subscribe(["later", "end"])
            self.subscribeMatch(["e[a-z]d", "LAT.*"])
        elif event.msg == "unsubscribe":
            self.unsubscribe(["first", "E[A-Z]D", "e[a-z]d", "unheard of"])
        elif event.msg == "publish":
            Publisher(esURI=self.uri).publish("later", "from within")
        elif event.msg == "abort":
            self.abort()
        elif event.msg == "fail":
            self.got.append("fails")
            raise ValueError("in event")
        self.got.append(event.msg)


class Relay(Pyro.core.ObjBase, Publisher):
    def __init__(self, uri):
        Pyro.core.ObjBase.__init__(self)
        Publisher.__init__(self, esURI=uri)

    def pass_on(self, message):
        self.publish(map(str, ["First"]), message)
        return "passed on"


def listen(uri, single, threaded):
    Pyro.config.PYRO_MULTITHREADED = 1 - single
    publisher = Publisher(esURI=uri)
    one = Listener(uri, threaded)
    one.subscribe("FIRST")
    one.start()

    def publish(subjects, message, seen):
        publisher.publish(subjects, message)
        lab.until(lambda: len(one.got) == seen)

    publish("first", "subscribe", 1)
    publish("first", "publish", 4)
    publish("first", "unsubscribe", 5)
    publish(("first", "nobody"), "not heard", 5)
    publish("Later", publisher.getES(), 7)
    publish("END", "abort", 8)
    one.join(9)
    proxies = [each for each in one.got if isinstance(each, Pyro.core.DynamicProxy)]
    lab.say(single, threaded, sorted(each for each in one.got if each not in proxies))
    lab.say("proxies", [each == publisher.getES() for each in proxies])
    lab.say("by who listens", one.threads == {one}, one.is_alive(), one.abortListen)


def relayed(uri):
    Pyro.config.PYRO_MULTITHREADED = 1
    daemon = Pyro.core.Daemon(port=0, norange=1)
    relay = Relay(uri)
    daemon.connect(relay)
    loop = threading.Thread(target=daemon.requestLoop)
    loop.start()
    two = Listener(uri, 1)
    two.subscribe("first")
    two.start()
    lab.say(relay.getProxy().pass_on("fail"), relay.getProxy().pass_on("and on"))
    lab.say("goes on", lab.until(lambda: sorted(two.got) == ["and on", "fails"]))
    two.abort()
    two.join(9)
    daemon.shutdown(True)
    loop.join(9)


def client():
    server = lab.module("Pyro.EventService.Server", "-n", "localhost", "-p", "0", "-N")
    uri = server.until("URI=").split("=", 1)[1].strip()
    server.until("started")
    threading.excepthook = lambda args: None
    for single, threaded in ((0, 0), (0, 1), (0, None), (1, 0), (1, None)):
        listen(uri, single, threaded)
    relayed(uri)
    server.interrupt()
    lab.say(server.lines[-1])


lab.play({"client": client})
