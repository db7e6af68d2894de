"""Results that arrive piece by piece. Start it, then client.py."""

import itertools

import Pyro4

Pyro4.config.ITER_STREAM_LINGER = 10.0


@Pyro4.expose
class Source:
    def countdown(self, start):
        print("counting down from", start)
        try:
            yield from range(start, 0, -1)
        finally:
            print("the countdown ends")

    def odd(self):
        return itertools.count(1, 2)

    def letters(self):
        return {"a": 1, "b": 2}.keys()  # no iterator: it goes over in one piece

    def broken(self):
        yield "first"
        raise RuntimeError("the tape is torn")


Pyro4.Daemon.serveSimple({Source: "example.source"}, ns=False)
