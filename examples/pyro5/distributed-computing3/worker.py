"""Factorises numbers. Start names, as many of these as you like, then client.py.

Workers have no names of their own to know: each is registered with the same tag.
"""

import uuid

import Pyro5.api


@Pyro5.api.expose
class Worker:
    def factorise(self, number):
        """Return the id of this worker and the factors of *number*."""
        factors = []
        divisor = 2
        while divisor * divisor <= number:
            while number % divisor == 0:
                factors.append(divisor)
                number //= divisor
            divisor += 1
        return self._pyroId, [*factors, number] if number > 1 else factors


with Pyro5.api.Daemon() as daemon, Pyro5.api.locate_ns() as names:
    uri = daemon.register(Worker())
    name = f"example.worker.{uuid.uuid4()}"
    names.register(name, uri, metadata={"example.factorising"})
    print("ready")
    daemon.requestLoop()
    names.remove(name)
print("gone")
