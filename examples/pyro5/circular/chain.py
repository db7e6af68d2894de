"""A link of a chain of objects, each of which calls the next."""

import Pyro5.api


@Pyro5.api.expose
@Pyro5.api.behavior(instance_mode="single")
class Link:
    def __init__(self, name, next_name):
        self._name = name
        self._next_name = next_name

    def process(self, visited):
        """Go round until a link is visited for the second time."""
        if self._name in visited:
            print("closed the circle")
            return [f"complete at {self._name}"]
        print("passing on to", self._next_name)
        with Pyro5.api.Proxy(f"PYRONAME:example.chain.{self._next_name}") as following:
            rest = following.process([*visited, self._name])
        return [f"passed on from {self._name}", *rest]


def serve(name, next_name):
    Pyro5.api.serve({Link(name, next_name): f"example.chain.{name}"})
