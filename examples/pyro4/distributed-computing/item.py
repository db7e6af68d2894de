"""A piece of work, and how it travels."""

from Pyro4.util import SerializerBase


class Item:
    TAG = "example.item"

    def __init__(self, number, factors=()):
        self.number = number
        self.factors = list(factors)

    def to_dict(self):
        return {"__class__": self.TAG, "number": self.number, "factors": self.factors}

    @classmethod
    def from_dict(cls, _, data):
        return cls(data["number"], data["factors"])


def teach():
    """Let the serializers know about items."""
    SerializerBase.register_class_to_dict(Item, Item.to_dict)
    SerializerBase.register_dict_to_class(Item.TAG, Item.from_dict)
