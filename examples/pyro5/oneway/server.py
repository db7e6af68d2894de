"""A long job that is started by a oneway call: the client does not wait for it.

Each in a terminal of its own:

    python -m Pyro5.nameserver
        python server.py
        python client.py [seconds that the job takes]
"""

import time

import Pyro5.api


@Pyro5.api.expose
@Pyro5.api.behavior("single")
class Kettle:
    def __init__(self):
        self._state = "cold"

    @Pyro5.api.oneway
    def boil(self, seconds):
        print("boiling starts", flush=True)
        self._state = "warm"
        time.sleep(seconds)
        self._state = "hot"
        print("boiling done", flush=True)

    def is_hot(self):
        return self._state == "hot"


Pyro5.api.serve({Kettle: "example.kettle"})
