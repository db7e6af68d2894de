"""A class of our own. The dispatcher never sees it: it has no use for this module."""

import Pyro5.api


class CustomData:
    serialized_type = "example.CustomData"

    def __init__(self, a, b, c):
        self.a = a
        self.b = b
        self.c = c


def to_dict(data):
    return {"__class__": data.serialized_type, "a": data.a, "b": data.b, "c": data.c}


def from_dict(classname, values):
    return CustomData(values["a"], values["b"], values["c"])


def register():
    """Teach the serializers how objects of this class travel."""
    Pyro5.api.register_class_to_dict(CustomData, to_dict)
    Pyro5.api.register_dict_to_class(CustomData.serialized_type, from_dict)
