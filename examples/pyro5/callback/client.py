"""Orders work at server.py and is called back; so it is a server, too."""

import Pyro5.api


class Customer:
    @Pyro5.api.expose
    @Pyro5.api.callback
    def done(self, job, result):
        print(f"work is done: job {job} gave {result}")

    @Pyro5.api.expose
    @Pyro5.api.oneway
    def all_done(self):
        print("done!")
        self._pyroDaemon.shutdown()


with Pyro5.api.Daemon() as daemon:
    customer = Customer()
    daemon.register(customer)
    with Pyro5.api.Proxy("PYRONAME:example.workshop") as workshop:
        workshop.work([1, 2, 3, 4, 5], customer)
        print("Ordered five jobs. Waiting.")
        daemon.requestLoop()
