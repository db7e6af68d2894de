"""Calls back while its caller waits. Start it, then client.py."""

import Pyro4


@Pyro4.expose
class Echo:
    def ask(self, question, customer):
        print("asking back")
        return f"{question} {customer.answer()}"

    def hello(self):
        return "hello"


Pyro4.Daemon.serveSimple({Echo: "example.echo"}, ns=False)
