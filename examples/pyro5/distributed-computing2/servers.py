"""Four objects that count words. Start names, this, then client.py.

Usage: python servers.py [seconds for 100 lines]

They pretend to be four slow computers, by sleeping; so one process is enough to try it.
"""

import collections
import sys
import time

import Pyro5.api

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 0.4


@Pyro5.api.expose
class WordCounter:
    def count(self, lines):
        """Return how often each word is in *lines*."""
        counts = collections.Counter()
        for line in lines:
            counts.update(line.split())
        time.sleep(SECONDS * len(lines) / 100)
        return dict(counts)


Pyro5.api.serve({WordCounter(): f"example.wordcount.{number}" for number in range(1, 5)})
