"""Carries what people say to the others. Start names, this, then some client.py."""

import Pyro4


@Pyro4.expose
@Pyro4.behavior(instance_mode="single")
class ChatBox:
    def __init__(self):
        self._rooms = {}

    def rooms(self):
        return {name: sorted(members.values()) for name, members in self._rooms.items()}

    def enter(self, room, nick, listener):
        """Let *nick* hear what is said in the room; the listener serves as a key."""
        members = self._rooms.setdefault(room, {})
        if nick in members.values():
            raise ValueError("there is somebody of that name")
        members[listener] = nick
        self.say(room, "Box", f"{nick} is here")

    def leave(self, room, listener):
        nick = self._rooms[room].pop(listener)
        self.say(room, "Box", f"{nick} is gone")

    def say(self, room, nick, text):
        for listener in list(self._rooms[room]):
            listener.hear(nick, text)  # a proxy that arrived in another thread


Pyro4.Daemon.serveSimple({ChatBox: "example.chatbox"})
