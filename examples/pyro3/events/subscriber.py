"""Listens to events. Usage: python subscriber.py SUBJECT... [-- PATTERN...]"""

import sys

from Pyro.EventService.Clients import Subscriber


class Listener(Subscriber):
    def __init__(self, subjects, patterns):
        Subscriber.__init__(self)
        # One after the other, in the order in which they were published.
        self.setThreading(0)
        self.subscribe(subjects)
        self.subscribeMatch(patterns)

    def event(self, event):
        print(f"{event.subject}: {event.msg}")
        if event.subject.endswith("done"):
            self.abort()


words = sys.argv[1:]
middle = words.index("--") if "--" in words else len(words)
listener = Listener(words[:middle], words[middle + 1 :])
print("listening")
listener.listen()
print("done")
