"""Publishes what instruments say; reads lines like ``weather.rain 3``."""

from Pyro.EventService.Clients import Publisher


class Instrument(Publisher):
    def __init__(self, place):
        Publisher.__init__(self)
        self.place = place

    def say(self, subject, value):
        self.publish(subject, (self.place, value))


roof = Instrument("roof")
while True:
    line = input("subject and value? ")
    if not line:
        break
    subject, value = line.split()
    roof.say(subject, int(value))
roof.publish(["weather.done", "dome.done"], None)
print("published")
