"""Three counters of words. Start names, this, then client.py."""

import collections

import Pyro4


@Pyro4.expose
class Counter:
    def count(self, lines):
        words = collections.Counter()
        for line in lines:
            words.update(line.lower().split())
        return dict(words)


daemon = Pyro4.Daemon()
names = Pyro4.locateNS()
for number in range(3):
    names.register(f"example.words.{number}", daemon.register(Counter()))
print("Pyro daemon running.")
daemon.requestLoop()
