"""Moves points, objects of a class of ours. Start it, then client.py."""

import points
import Pyro4

Pyro4.config.SERIALIZERS_ACCEPTED = {"serpent", "json", "marshal", "msgpack"}
points.teach()


@Pyro4.expose
class Mover:
    def move(self, point, by):
        print("got", point)
        return points.Point(point.x + by, point.y + by)


Pyro4.Daemon.serveSimple({Mover: "example.mover"}, ns=False)
