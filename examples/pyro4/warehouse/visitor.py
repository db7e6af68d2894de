"""People who come to a warehouse, wherever it is."""


class Visitor:
    def __init__(self, name):
        self.name = name

    def visit(self, warehouse):
        print(f"{self.name} comes in and sees", ", ".join(warehouse.stock()))
        for question, action in (("leave", warehouse.bring), ("take", warehouse.fetch)):
            thing = input(f"What shall {self.name} {question}? ").strip()
            if thing:
                action(self.name, thing)
        print(f"{self.name} goes home")
