"""What is in the parcels; only senders and receivers know it."""

from Pyro4.util import SerializerBase


class Gift:
    def __init__(self, what, wrapped):
        self.what = what
        self.wrapped = wrapped


def to_dict(gift):
    return {"__class__": "example.gift", "what": gift.what, "wrapped": gift.wrapped}


SerializerBase.register_class_to_dict(Gift, to_dict)
SerializerBase.register_dict_to_class(
    "example.gift", lambda _, data: Gift(data["what"], data["wrapped"])
)
