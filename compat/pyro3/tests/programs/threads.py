"""One thread for a connection, one connection for a proxy; local storage (3.4)."""

import copy
import threading

import lab

import Pyro.core


class Work(Pyro.core.ObjBase):
    def __init__(self):
        Pyro.core.ObjBase.__init__(self)
        self.now = self.most = 0
        self.calls = 0
        self.changed = threading.Condition()

    def busy(self, seconds):
        """Wait for another who is busy, too, but no longer than some seconds."""
        with self.changed:
            self.now += 1
            self.most = max(self.most, self.now)
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.most > 1, seconds)
            self.now -= 1
        return threading.current_thread().name

    def highest(self):
        most, self.most = self.most, 0
        return most

    def thread(self):
        return threading.get_ident()

    def is_daemonic(self):
        return threading.current_thread().daemon

    def count(self):
        storage = self.getLocalStorage()
        storage.count = getattr(storage, "count", 0) + 1
        return storage.count

    def made(self):
        storage = self.getLocalStorage()
        return getattr(storage, "made", None), storage is self.getDaemon().getLocalStorage()

    def session(self, **values):
        caller = self.getLocalStorage().caller
        for name, value in values.items():
            setattr(caller, name, value)
        return getattr(caller, "user", None)

    def address(self):
        caller = self.getLocalStorage().caller
        return (
            caller.addr[0],
            caller.connected,
            str(caller).startswith("TCPConnection with ("),
        )

    def port(self):
        return self.getLocalStorage().caller.addr[1]


class Alone(Pyro.core.SynchronizedObjBase, Work):
    def __init__(self):
        Work.__init__(self)
        Pyro.core.SynchronizedObjBase.__init__(self)


def server(threaded):
    Pyro.config.PYRO_MULTITHREADED = int(threaded)
    Pyro.core.initServer()
    daemon = Pyro.core.Daemon(port=0, norange=1)
    made = []

    def make(storage):
        made.append(1)
        storage.made = "made"

    daemon.setInitTLS(make)
    lab.say("threaded", bool(daemon.threaded))
    uris = [daemon.connect(Work()), daemon.connect(Alone())]
    with open(lab.path("uris"), "w") as file:
        file.write("\n".join(map(str, uris)))
    lab.ready()
    daemon.requestLoop()


def at_once(*calls, limit=0.1):
    threads = [threading.Thread(target=call, args=(limit,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def client():
    for threaded in "10":
        program = lab.part("server", threaded)
        lab.say(program.lines)
        work, alone = map(Pyro.core.getProxyForURI, open(lab.path("uris")).read().split())
        second = copy.copy(work)
        lab.say("unconnected", second.adapter.connected())
        lab.say("one thread", work.thread() == work.thread())
        lab.say(
            "copies share", work.thread() == second.thread(), work.port() == second.port()
        )
        lab.say("daemonic", work.is_daemonic() or not int(threaded))
        at_once(work.busy, work.busy)
        lab.say("one proxy", work.highest())
        at_once(work.busy, second.busy, limit=10.0 if int(threaded) else 0.1)
        lab.say("two proxies", work.highest())
        at_once(alone.busy, copy.copy(alone).busy)
        lab.say("synchronized", alone.highest())
        lab.say("counts", work.count(), work.count(), second.count())
        lab.say("init", work.made(), second.made())
        lab.say("session", work.session(user="me"), work.session(), second.session())
        lab.say("address", work.address())
        work._release()
        work._release()
        lab.say("released", work.adapter.connected())
        lab.say("anew", work.count(), work.session(), work.adapter.connected())
        program.kill()


lab.play({"server": server, "client": client})
