"""Pass phrases, own validators, and what the refused ones hear (1.4, 3.12)."""

import copy
import hashlib
import hmac

import lab

import Pyro.core
import Pyro.naming
import Pyro.protocol
from Pyro.constants import DENIED_HOSTBLOCKED, DENIED_SECURITY, deniedReasons


class Safe(Pyro.core.ObjBase):
    def __init__(self):
        Pyro.core.ObjBase.__init__(self)
        self.tries = 0

    def open(self):
        return "opened"

    def who(self):
        return getattr(self.getLocalStorage().caller, "user", None)

    def admit(self, phrases):
        self.getDaemon().setAllowedIdentifications(phrases)


USERS = {"ann": "apple", "bob": "pear"}


class UserValidator(Pyro.protocol.DefaultConnValidator):
    def __init__(self):
        Pyro.protocol.DefaultConnValidator.__init__(self)

    def acceptHost(self, daemon, connection):
        if connection.addr[0] != "127.0.0.1":
            return 0, DENIED_HOSTBLOCKED
        return 1, 0

    def createAuthToken(self, authid, challenge, peeraddr, URI, daemon):
        user, digest = authid
        token = hmac.new(challenge, digest.encode(), hashlib.sha256).hexdigest()
        return "%s:%s" % (user, token)

    def acceptIdentification(self, daemon, connection, token, challenge):
        user, _ = token.split(":", 1)
        if user not in USERS:
            return 0, DENIED_SECURITY
        right = self.createAuthToken(
            self.mungeIdent((user, USERS[user])), challenge, connection.addr, None, daemon
        )
        if right != token:
            return 0, DENIED_SECURITY
        connection.user = user
        return 1, 0

    def mungeIdent(self, ident):
        user, password = ident
        return user, hashlib.sha256(password.encode()).hexdigest()


class Blocker(Pyro.protocol.DefaultConnValidator):
    def acceptHost(self, daemon, connection):
        return 0, DENIED_HOSTBLOCKED


def server():
    Pyro.core.initServer()
    daemons = [Pyro.core.Daemon(port=0, norange=1) for _ in range(4)]
    daemons[0].setAllowedIdentifications(["one", "two"])
    daemons[1].setNewConnectionValidator(UserValidator())
    daemons[2].setNewConnectionValidator(Blocker())
    lab.say(lab.fault(daemons[0].setAllowedIdentifications, "one"))
    lab.say(lab.fault(daemons[0].setNewConnectionValidator, object())[0])
    lab.say(isinstance(daemons[1].getNewConnectionValidator(), UserValidator))
    lab.say(
        isinstance(
            daemons[0].getNewConnectionValidator(), Pyro.protocol.DefaultConnValidator
        )
    )
    with open(lab.path("uris"), "w") as file:
        file.write("\n".join(str(daemon.connect(Safe(), "safe")) for daemon in daemons))
    lab.ready()
    while True:
        for daemon in daemons:
            daemon.handleRequests(0.05)


def client():
    program = lab.part("server")
    lab.say(*program.lines[:-1])
    uris = open(lab.path("uris")).read().split()

    def proxy(number, ident=None):
        safe = Pyro.core.getProxyForURI(uris[number])
        if ident:
            safe._setIdentification(ident)
        return safe

    lab.say([deniedReasons[code] for code in range(4)])
    lab.say("anonymous", lab.fault(proxy(0).open))
    lab.say("wrong", lab.fault(proxy(0, "three").open))
    lab.say("right", proxy(0, "one").open(), proxy(0, "two").open())
    kept = proxy(0, "one")
    lab.say("copy", copy.copy(kept).open())
    located = Pyro.core.getProxyForURI("PYROLOC://localhost:%d/safe" % kept.URI.port)
    lab.say("located", lab.fault(located.open))
    located._setIdentification("one")
    lab.say("located", lab.fault(located.open))
    kept.admit(["three"])
    lab.say("stays", kept.open())
    kept._release()
    lab.say("checked once", lab.fault(kept.open))
    kept._setIdentification("three")
    kept.admit(None)
    lab.say("everybody", proxy(0).open(), proxy(0, "any").open())

    def user(name, password):
        safe = proxy(1)
        safe._setNewConnectionValidator(UserValidator())
        safe._setIdentification((name, password))
        return safe

    lab.say("user", user("ann", "apple").who(), user("bob", "pear").who())
    lab.say("password", lab.fault(user("ann", "pear").who))
    lab.say("unknown", lab.fault(user("eve", "apple").who))
    lab.say("copied", copy.copy(user("bob", "pear")).who())
    lab.say("blocked", lab.fault(proxy(2).open))
    lab.say("default", proxy(3, "ignored").open(), proxy(3).who())
    lab.say("kind", issubclass(Pyro.core.ConnectionDeniedError, Pyro.core.ProtocolError))

    lab.names("-i", "phrase").until("started")
    Pyro.config.PYRO_NS_HOSTNAME = "localhost"
    Pyro.config.PYRO_NS_PORT = int(lab.os.environ["PYRO_NS_PORT"])
    lab.say("names", lab.fault(Pyro.naming.NameServerLocator().getNS))
    lab.say("names", lab.fault(Pyro.naming.NameServerLocator("other").getNS))
    ns = Pyro.naming.NameServerLocator(identification="phrase").getNS()
    ns.register("x", uris[3])
    lab.say("names", str(ns.resolve("x")) == uris[3], copy.copy(ns).list(""))
    lines, status = lab.output("Pyro.nsc", "-i", "phrase", "ping")
    lab.say(lines[-1], status)
    lines, status = lab.output("Pyro.nsc", "-i", "other", "ping")
    lab.say(lines[-2:], status != 0)
    program.kill()


lab.play({"server": server, "client": client})
