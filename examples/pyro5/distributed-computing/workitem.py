"""What travels between client, dispatcher and workers."""

import Pyro5.api


class Workitem:
    def __init__(self, item_id, number, factors=None):
        self.item_id = item_id
        self.number = number
        self.factors = factors

    def __str__(self):
        return f"item {self.item_id}: {self.number} = {' * '.join(map(str, self.factors))}"


def to_dict(item):
    return {"__class__": "example-workitem", **vars(item)}


def from_dict(classname, values):
    return Workitem(values["item_id"], values["number"], values["factors"])


Pyro5.api.register_class_to_dict(Workitem, to_dict)
Pyro5.api.register_dict_to_class("example-workitem", from_dict)
