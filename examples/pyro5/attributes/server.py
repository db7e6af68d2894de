"""An object with properties. Start it, then client.py.

Properties that are exposed can be read and set from afar. Plain attributes, private names
and methods that are not exposed stay out of reach.
"""

import Pyro5.api


class Tank:
    def __init__(self):
        self.owner = "nobody's business"
        self._litres = 42
        self._labels = {"content": "water"}

    @Pyro5.api.expose
    @property
    def litres(self):
        return self._litres

    @litres.setter
    def litres(self, value):
        print("litres:", self._litres, "->", value)
        self._litres = value

    @Pyro5.api.expose
    @property
    def labels(self):
        return self._labels

    @Pyro5.api.expose
    def describe(self):
        return f"{self._litres} litres of {self._labels['content']}"

    @Pyro5.api.expose
    def __len__(self):
        return self._litres

    @Pyro5.api.expose
    def __invert__(self):
        return "yep"

    def empty(self):
        self._litres = 0


Pyro5.api.serve({Tank(): "example.tank"}, use_ns=False)
