"""Points, and how serializers are taught about them."""

from Pyro4.util import SerializerBase

TAG = "example.point"


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __repr__(self):
        return f"Point({self.x}, {self.y})"


def to_dict(point):
    return {"__class__": TAG, "at": [point.x, point.y]}


def from_dict(tag, data):
    assert tag == TAG
    return Point(*data["at"])


def teach():
    SerializerBase.register_class_to_dict(Point, to_dict)
    SerializerBase.register_dict_to_class(TAG, from_dict)


def forget():
    SerializerBase.unregister_class_to_dict(Point)
    SerializerBase.unregister_dict_to_class(TAG)
