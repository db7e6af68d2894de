"""A message bus: who publishes and who subscribes need not know each other.

storage   keeps messages until they are delivered, in memory or in a database
bus       the Pyro object that takes messages, and a thread that delivers them
client    what publishers and subscribers use
server    the program: python -m messagebus.server
"""
