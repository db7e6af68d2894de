"""Does work and calls its customer back. Start names, this, then client.py.

Usage: python server.py [seconds that a job takes]
"""

import sys
import time

import Pyro5.api

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0


@Pyro5.api.expose
class Workshop:
    @Pyro5.api.oneway
    def work(self, jobs, customer):
        """Do *jobs*; the caller goes on and hears of each through its *customer*."""
        customer._pyroClaimOwnership()  # this runs in a thread of its own
        for job in jobs:
            time.sleep(SECONDS)
            print("finished", job)
            customer.done(job, job * job)
        customer.all_done()


Pyro5.api.serve({Workshop: "example.workshop"})
