"""Calls back methods that fail. Start names, this, then client2.py."""

import Pyro5.api


@Pyro5.api.expose
class Caller:
    def call_back(self, customer):
        """Call two methods of *customer* that fail."""
        for method in ("fail_silently", "fail_loudly"):
            print("calling", method)
            try:
                getattr(customer, method)()
            except ZeroDivisionError:
                print("".join(Pyro5.errors.get_pyro_traceback()))


Pyro5.api.serve({Caller: "example.caller"})
