"""A place where everybody may leave and take things."""


class Warehouse:
    def __init__(self):
        self._things = ["ladder", "lamp", "globe", "cello"]

    def things(self):
        return list(self._things)

    def store(self, person, thing):
        self._things.append(thing)
        print(f"{person} has stored a {thing}", flush=True)

    def take(self, person, thing):
        self._things.remove(thing)
        print(f"{person} has taken the {thing}", flush=True)
