"""How many may connect, where daemons listen and what they publish (1.1, 3.12, 3.16)."""

import socket

import lab

import Pyro.core
import Pyro.protocol
import Pyro.util
from Pyro.core import Daemon, PyroURI


class Thing(Pyro.core.ObjBase):
    def ping(self):
        return "pong"

    def connections(self):
        return len(self.getDaemon().connections)


def server():
    Pyro.config.PYRO_MAXCONNECTIONS = 3
    Pyro.config.PYRO_MULTITHREADED = 0
    daemon = Daemon(port=0, norange=1)
    with open(lab.path("uri"), "w") as file:
        file.write(str(daemon.connect(Thing())))
    lab.ready()
    daemon.requestLoop()


def limits():
    program = lab.part("server")
    uri = open(lab.path("uri")).read()
    proxies = [Pyro.core.getProxyForURI(uri) for _ in range(4)]
    lab.say("three", [proxy.ping() for proxy in proxies[:3]])
    lab.say("fourth", lab.fault(proxies[3].ping))
    lab.say("others go on", proxies[0].ping())
    proxies[1]._release()
    lab.say("after one left", lab.until(lambda: lab.fault(proxies[3].ping) == "pong"))
    program.kill()


def daemons():
    first = lab.port()
    one = Daemon(port=first)
    two = Daemon(port=first)
    lab.say("next port", one.port == first, two.port > first)
    try:
        Daemon(port=first, norange=1)
    except Pyro.core.DaemonError as error:
        lab.say("taken", str(error).split(":")[0])
    lab.say("protocol", lab.fault(Daemon, "FOO")[0], one.protocol)
    any_port = Daemon(port=0, norange=1)
    lab.say("chosen", any_port.port > 0, any_port.port not in range(7766, 7866))
    lab.say("text", str(one) == "<Pyro Daemon on %s:%d>" % (one.hostname, one.port))
    lab.say("host", one.hostname, one.connect(Thing()).address)
    lab.say(
        "unknown host", isinstance(lab.fault(Daemon, host="no.such.host.invalid"), tuple)
    )
    published = Daemon(host="localhost", publishhost="127.0.0.9", port=0, norange=1)
    lab.say("published", published.hostname, published.connect(Thing()).address)
    lab.say("loopback", "127.0.x.x" in str(one.validateHostnameAndIP()))
    Pyro.config.PYRO_DNS_URI = 1
    uri = Daemon(host="localhost", port=0, norange=1).connect(Thing())
    lab.say("names in uris", uri.address, PyroURI("localhost", "id", 1).address)
    Pyro.config.PYRO_DNS_URI = 0
    Pyro.config.PYRO_PUBLISHHOST = "127.0.0.8"
    lab.say("configured", Daemon(port=0, norange=1).connect(Thing()).address)
    Pyro.config.PYRO_PUBLISHHOST = None
    for daemon in (one, two, any_port, published):
        daemon.shutdown(True)


def uris():
    uri = PyroURI("localhost", "abc", 99)
    lab.say(uri, repr(uri), uri.protocol, uri.address, uri.port, uri.objectID)
    lab.say(PyroURI("localhost", "abc"), PyroURI("localhost", "abc", 5, "PYROLOC"))
    lab.say(PyroURI("PYRO://localhost/abc \n") == PyroURI("localhost", "abc", 7766))
    lab.say(PyroURI(uri) == uri, uri.clone() == uri, len({uri, uri.clone()}))
    lab.say(
        uri != PyroURI("localhost", "abd", 99), Pyro.core.processStringURI(str(uri)) == uri
    )
    lab.say(lab.fault(PyroURI, "localhost"))
    lab.say(lab.fault(PyroURI, "a/b", "abc"))
    lab.say(lab.fault(PyroURI, "localhost", "abc", "x")[0])
    lab.say(lab.fault(PyroURI, "no.such.host.invalid", "abc"))
    lab.say(lab.fault(PyroURI, "PYRO:/localhost"))
    lab.say(lab.fault(PyroURI, "PYRO://localhost"))
    lab.say(lab.fault(PyroURI, "PYRO://localhost:x/abc"))
    lab.say(lab.fault(Pyro.core.getProxyForURI, "FOO://localhost/abc"))
    lab.say(lab.fault(Pyro.core.getProxyForURI, "PYRONAMESSL://localhost/abc"))
    uri.reinitFromString("PYRO://127.0.0.1:1/z")
    lab.say(uri)
    uri.init("127.0.0.1", "y", 2)
    lab.say(uri)
    lab.say(repr(Pyro.core.getProxyForURI(uri)), str(uri.getAttrProxy()))


def client():
    limits()
    daemons()
    uris()
    lab.say(
        Pyro.protocol.getIPAddress("localhost"),
        Pyro.protocol.getIPAddress("no.host.invalid"),
    )
    lab.say(Pyro.protocol.getHostname() in (socket.gethostname(), socket.getfqdn()))
    lab.say(len(Pyro.util.getGUID()) >= 32, Pyro.util.getGUID() != Pyro.util.getGUID())


lab.play({"server": server, "client": client})
