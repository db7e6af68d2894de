"""Callbacks between all kinds of daemons, and who learns of their errors (3.6)."""

import threading

import lab

import Pyro.core
import Pyro.errors


class Board(Pyro.core.ObjBase):
    def __init__(self):
        Pyro.core.ObjBase.__init__(self)
        self.listeners = []

    def register(self, listener):
        self.listeners.append(listener)
        return type(listener).__name__, listener.adapter.connected()

    def shout(self, text):
        gone = []
        for listener in self.listeners[:]:
            try:
                listener.hear(text)
            except (
                Pyro.errors.ConnectionClosedError,
                Pyro.errors.ProtocolError,
            ) as error:
                self.listeners.remove(listener)
                gone.append((type(error).__name__, str(error)))
        return gone

    def down(self, listener, number):
        return listener.down(self.getProxy(), number - 1) if number else "there"

    def pass_on(self, listener):
        return listener.fail("passed on")

    def catch(self, listener):
        try:
            listener.fail("caught")
        except ValueError as error:
            return "caught %s" % type(error).__name__, error.args

    def oneway(self, listener):
        listener._setOneway("fail")
        return listener.fail("oneway")


def made(base):
    class Listener(base):
        heard = ""

        def hear(self, text):
            self.heard += text

        def down(self, board, number):
            return board.down(self.getProxy(), number - 1) if number else "here"

        def fail(self, text):
            raise ValueError(text)

    return Listener()


def server(threaded):
    Pyro.config.PYRO_MULTITHREADED = int(threaded)
    daemon = Pyro.core.Daemon(port=0, norange=1)
    with open(lab.path("uri"), "w") as file:
        file.write(str(daemon.connect(Board())))
    lab.ready()
    daemon.requestLoop()


def vanishing():
    daemon = Pyro.core.Daemon(port=0, norange=1)
    listener = made(Pyro.core.CallbackObjBase)
    daemon.connect(listener)
    board().register(listener.getProxy())
    lab.ready()
    daemon.requestLoop()


def board():
    return Pyro.core.getProxyForURI(open(lab.path("uri")).read())


def listen(base, threaded):
    Pyro.config.PYRO_MULTITHREADED = threaded
    daemon = Pyro.core.Daemon(port=0, norange=1)
    listener = made(base)
    daemon.connect(listener)
    raised, told, stop = [], [], []

    def loop():
        while not stop:
            try:
                daemon.requestLoop(lambda: not stop, 0.1)
            except ValueError as error:
                raised.append(str(error))

    threading.excepthook = lambda args: told.append(str(args.exc_value))
    thread = threading.Thread(target=loop)
    thread.start()
    proxy, server = listener.getProxy(), board()
    lab.say("registered", *server.register(proxy))
    lab.say("shout", server.shout("a"), listener.heard)
    lab.say("passed on", lab.fault(server.pass_on, proxy))
    lab.say("caught", server.catch(proxy))
    lab.say("oneway", server.oneway(proxy))
    if base is Pyro.core.CallbackObjBase:
        lab.until(lambda: len(raised) + len(told) == 3)
    lab.say("raised here", sorted(raised), "told here", sorted(told))
    if base is Pyro.core.ObjBase:
        lab.part("vanishing").kill()
    lab.say("gone", [name for name, _ in server.shout("b")], server.shout("c"))
    daemon.disconnect(listener)
    lab.say("disconnected", server.shout("d"), listener.heard)
    stop.append(1)
    thread.join()
    daemon.shutdown()


def go_down():
    daemon = Pyro.core.Daemon(port=0, norange=1)
    listener = made(Pyro.core.ObjBase)
    daemon.connect(listener)
    thread = threading.Thread(target=daemon.requestLoop)
    thread.start()
    lab.say("down", [board().down(listener.getProxy(), n) for n in (3, 4)])
    daemon.shutdown()
    thread.join()


def client():
    for server_threaded in "10":
        program = lab.part("server", server_threaded)
        for threaded in (1, 0):
            for base in (Pyro.core.ObjBase, Pyro.core.CallbackObjBase):
                lab.say(base.__name__, "server", server_threaded, "client", threaded)
                listen(base, threaded)
            if int(server_threaded) and threaded:
                go_down()
        program.kill()


lab.play({"server": server, "vanishing": vanishing, "client": client})
