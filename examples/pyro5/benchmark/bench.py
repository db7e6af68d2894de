"""What is called while the time is taken."""

import Pyro5.api


@Pyro5.api.expose
@Pyro5.api.behavior(instance_mode="single")
class Bench:
    def nothing(self):
        pass

    def echo(self, value):
        return value

    def keywords(self, *, x, y):
        return x + y

    @Pyro5.api.oneway
    def oneway(self, value):
        pass
