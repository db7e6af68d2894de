"""Start the job of server.py, and ask now and then whether it is done."""

import sys
import time

import Pyro5.api

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
with Pyro5.api.Proxy("PYRONAME:example.kettle") as kettle:
    print("boil returns", kettle.boil(seconds), "at once")
    print("Is it hot?")
    while not kettle.is_hot():
        print("  no, trying again")
        time.sleep(seconds / 4)
    print("  yes, tea time")
