"""Is slow on request. Start it, then client.py."""

import time

import Pyro4


@Pyro4.expose
class Snail:
    def crawl(self, seconds):
        time.sleep(seconds)
        return f"crawled for {seconds} s"


Pyro4.Daemon.serveSimple({Snail: "example.snail"}, ns=False)
