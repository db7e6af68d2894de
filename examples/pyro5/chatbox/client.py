"""Chats at server.py. What you type is for all; /quit leaves."""

import threading

import Pyro5.api


class Member:
    @Pyro5.api.expose
    @Pyro5.api.oneway
    def message(self, nick, text):
        print(f"[{nick}] {text}")


daemon = Pyro5.api.Daemon()
member = Member()
daemon.register(member)
threading.Thread(target=daemon.requestLoop, daemon=True).start()

with daemon, Pyro5.api.Proxy("PYRONAME:example.chatbox") as chatbox:
    print("Here are:", ", ".join(chatbox.nicks()) or "nobody")
    nick = input("Your nick? ").strip()
    chatbox.join(nick, member)
    while (text := input().strip()) != "/quit":
        chatbox.publish(nick, text)
    chatbox.leave(nick)
