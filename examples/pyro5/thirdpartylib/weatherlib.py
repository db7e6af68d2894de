"""A library of somebody else, which knows nothing of Pyro and must not be changed."""


class Report:
    def __init__(self, text):
        self.text = text


class Station:
    def measure(self):
        return "21 degrees"

    def report(self):
        return Report("sun and a little wind")

    def self_destruct(self):
        return "boom"


def make_station():
    return Station()
