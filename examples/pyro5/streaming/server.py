"""Results that arrive piece by piece: whatever is an iterator is streamed.

Each in a terminal of its own:

    python server.py
    python client.py        (paste the URI)
"""

import time

import Pyro5.api


@Pyro5.api.expose
class Counter:
    def as_list(self, number):
        """A list is sent at once, in one message."""
        return list(range(number))

    def as_iterator(self, number):
        return iter(range(number))

    def as_generator(self, number):
        for value in range(number):
            print("making", value, flush=True)
            yield value

    def slowly(self, number, pause):
        for value in range(number):
            time.sleep(pause)
            yield value

    def failing(self, number):
        yield from range(number)
        raise ValueError("I can count no further")

    @property
    def squares(self):
        return (value * value for value in range(5))


Pyro5.api.serve({Counter: "example.counter"}, use_ns=False)
