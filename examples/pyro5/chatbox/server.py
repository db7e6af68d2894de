"""A chat for many clients. Start names, this, then some client.py."""

import threading

import Pyro5.api


@Pyro5.api.expose
@Pyro5.api.behavior(instance_mode="single")
class ChatBox:
    def __init__(self):
        self._members = {}
        self._lock = threading.Lock()

    def nicks(self):
        with self._lock:
            return sorted(self._members)

    def join(self, nick, member):
        """Let *member*, a proxy, have all messages."""
        with self._lock:
            if nick in self._members:
                raise ValueError(f"there is a {nick} already")
            self._members[nick] = member
        self.publish("SERVER", f"{nick} joined")

    def leave(self, nick):
        with self._lock:
            self._members.pop(nick, None)
        self.publish("SERVER", f"{nick} left")

    def publish(self, nick, text):
        print(f"[{nick}] {text}")
        with self._lock:  # a proxy is for one thread at a time
            for member in self._members.values():
                member._pyroClaimOwnership()
                try:
                    member.message(nick, text)
                except Pyro5.errors.CommunicationError:
                    print("a member does not listen any more")


Pyro5.api.serve({ChatBox: "example.chatbox"})
