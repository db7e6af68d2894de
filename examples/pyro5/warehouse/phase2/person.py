"""Somebody who visits a warehouse."""


class Person:
    def __init__(self, name):
        self._name = name

    def visit(self, warehouse):
        print(f"{self._name} comes in.")
        print("There are:", ", ".join(warehouse.things()))
        thing = input(f"What does {self._name} bring (or nothing)? ").strip()
        if thing:
            warehouse.store(self._name, thing)
        thing = input(f"What does {self._name} take (or nothing)? ").strip()
        if thing:
            warehouse.take(self._name, thing)
        print("Now there are:", ", ".join(warehouse.things()))
