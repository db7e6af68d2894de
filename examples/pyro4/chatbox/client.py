"""Somebody in a room of the chat box; an empty line ends it.

The daemon runs in a thread, and the main thread reads what is typed.
"""

import threading

import Pyro4


class Listener:
    @Pyro4.expose
    @Pyro4.oneway
    def hear(self, nick, text):
        print(f"<{nick}> {text}")


box = Pyro4.Proxy("PYRONAME:example.chatbox")
print("rooms:", box.rooms())
room, nick = input("room and nick? ").split()

daemon = Pyro4.Daemon()
listener = Listener()
daemon.register(listener)
threading.Thread(target=daemon.requestLoop, daemon=True).start()
box.enter(room, nick, listener)
while text := input():
    box.say(room, nick, text)
box.leave(room, listener)
daemon.shutdown()
