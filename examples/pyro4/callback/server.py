"""Counts for its customers and tells them. Start names, this, then client.py.

It calls the customer's proxy from threads of its own: every thread may use every proxy.
"""

import threading

import Pyro4


@Pyro4.expose
@Pyro4.behavior(instance_mode="single")
class Counter:
    def order(self, numbers, customer):
        """Have each number doubled; the results are told later."""
        thread = threading.Thread(target=self._work, args=(numbers, customer))
        thread.start()
        return f"{len(numbers)} orders taken"

    def _work(self, numbers, customer):
        with customer:
            for number in numbers:
                try:
                    customer.doubled(number, number * 2)
                except ValueError as error:
                    print("the customer complains:", error)
                except Pyro4.errors.CommunicationError:
                    print("the customer hung up; once more")
                    customer.doubled(number, number * 2)
            customer.finished()


Pyro4.Daemon.serveSimple({Counter: "example.counter"})
