"""Publishes what is typed, as TOPIC TEXT, until an empty line."""

import Pyro4

bus = Pyro4.Proxy("PYRONAME:example.bus")
while line := input("publish? "):
    topic, _, text = line.partition(" ")
    print("it is number", bus.publish(topic, text))
print(bus.topics())
