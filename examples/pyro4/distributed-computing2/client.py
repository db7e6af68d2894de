"""Has many counters count the words of a text, all at the same time."""

import collections
import itertools

import Pyro4

TEXT = (
    """\
the fox and the goose and the wolf and the man
one boat and one river and the man has to row
the goose eats the corn the fox eats the goose
"""
    * 20
)

names = Pyro4.locateNS()
counters = []
for uri in names.list(prefix="example.words.").values():
    counter = Pyro4.Proxy(uri)
    counter._pyroAsync()
    counters.append(counter)
print("counters:", len(counters))

lines = TEXT.splitlines()
pieces = [lines[start : start + 7] for start in range(0, len(lines), 7)]
farm = itertools.cycle(counters)
total = collections.Counter()
for result in [next(farm).count(piece) for piece in pieces]:
    total.update(result.value)
print("words:", sum(total.values()))
print(*total.most_common(3))
