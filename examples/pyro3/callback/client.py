"""A guest: a client that is called, so it has a daemon, too."""

import threading

import Pyro.core


class Guest(Pyro.core.CallbackObjBase):
    def howMuchSalt(self):
        return "a pinch"

    def eat(self, dish):
        print("eating", dish)
        if dish == "soup":
            raise ValueError("there is a fly in my soup")


def seen(args):
    print("seen here, too:", args.exc_value)


threading.excepthook = seen  # where errors of a CallbackObjBase go in a threaded daemon

Pyro.core.initServer()
daemon = Pyro.core.Daemon()
guest = Guest()
daemon.connect(guest)  # without a name: only who gets the proxy can call it
hungry = True
loop = threading.Thread(target=daemon.requestLoop, args=(lambda: hungry, 0.1))
loop.start()

kitchen = Pyro.core.getProxyForURI("PYRONAME://kitchen")
print(kitchen.order("potatoes", guest.getProxy()))
kitchen.seat(guest.getProxy())
print("served", kitchen.serve("bread"))
print("served", kitchen.serve("soup"))

daemon.disconnect(guest)
print("served", kitchen.serve("cake"))
hungry = False
loop.join()
daemon.shutdown(True)
