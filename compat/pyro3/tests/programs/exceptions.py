"""Exceptions that travel, their tracebacks and those that can't (3.9, 1.5)."""

import sys

import lab

import Pyro.constants
import Pyro.core
import Pyro.util


class OwnError(Exception):
    pass


class DetailedError(OwnError):
    def __init__(self, text, code=0):
        OwnError.__init__(self, text)
        self.code = code


class Faulty(Pyro.core.ObjBase):
    def divide(self, a, b):
        return a / b

    def own(self):
        raise OwnError("one", 2, (3, 4))

    def detailed(self):
        error = DetailedError("with code", 42)
        error.extra = ["x"]
        raise error

    def given(self):
        return ValueError("a value", 1)

    def unsendable(self):
        return open(__file__)

    def unsendable_error(self):
        raise ValueError(open(__file__))

    def pyro(self):
        raise Pyro.core.NamingError("text", "name")

    def leave(self):
        raise SystemExit(3)

    def lookup(self):
        return {}["key"]

    def ping(self):
        return "pong"


def server():
    daemon = Pyro.core.Daemon(port=0, norange=1)
    with open(lab.path("uri"), "w") as file:
        file.write(str(daemon.connect(Faulty())) + "\n")
    lab.ready()
    daemon.requestLoop()


def client():
    p = Pyro.core.getProxyForURI(open(lab.path("uri")).read())
    lab.say(lab.fault(p.divide, 1, 0))
    lab.say(lab.fault(p.own))
    try:
        p.detailed()
    except DetailedError as error:
        lab.say(type(error) is DetailedError, error.args, error.code, error.extra)
    lab.say(lab.fault(p.lookup))
    lab.say(lab.fault(p.pyro))
    lab.say("a value", repr(p.given()))
    lab.say("no method", lab.fault(p.nothing)[0])
    lab.say("arguments", lab.fault(p.ping, 1)[0], lab.fault(p.divide, 1)[0])
    lab.say("keyword", lab.fault(p.divide, a=1, c=2)[0])
    lab.say("file", lab.fault(p.unsendable)[0] != "TextIOWrapper")
    lab.say("error with a file", isinstance(lab.fault(p.unsendable_error), tuple))
    lab.say("goes on", p.ping())
    lab.say("exit", lab.fault(p.leave)[0])
    lab.say("goes on", p.ping())
    try:
        p.divide(1, 0)
    except ZeroDivisionError as error:
        remote = getattr(error, Pyro.constants.TRACEBACK_ATTRIBUTE)
        lab.say("attribute", Pyro.constants.TRACEBACK_ATTRIBUTE, type(remote).__name__)
        lab.say("in it", "return a / b" in "".join(remote))
        pieces = Pyro.util.getPyroTraceback(error)
        text = "".join(pieces)
        lab.say(
            "pieces",
            type(pieces).__name__,
            text.startswith("Traceback (most recent call last)"),
        )
        begin = " +--- This exception occured remotely (Pyro) - Remote traceback:"
        lab.say(
            "begin", text.count(begin), "end", text.count(" +--- End of remote traceback")
        )
        inner = text.split(begin)[1].split(" +--- End of")[0].strip("\n").splitlines()
        lab.say("prefix", all(line.startswith(" | ") for line in inner), len(inner) > 2)
        saved, sys.stderr = sys.stderr, open(lab.path("err"), "w")
        Pyro.util.excepthook(*sys.exc_info())
        sys.stderr.close()
        sys.stderr = saved
        lab.say("hook", begin in open(lab.path("err")).read())
    try:
        raise KeyError("local")
    except KeyError as error:
        text = "".join(Pyro.util.getPyroTraceback(error))
        lab.say("local", "remotely" in text, "KeyError: 'local'" in text)
    capsule = Pyro.core.PyroExceptionCapsule(ValueError("inner"))
    lab.say("capsule", isinstance(capsule, Exception), repr(capsule.excObj))
    lab.say("raised", lab.fault(capsule.raiseEx))


lab.play({"server": server, "client": client}, first=["server"])
