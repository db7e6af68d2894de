"""Large arguments and results.

Each in a terminal of its own:

    python server.py
    python client.py        (paste the URI that the server printed)
"""

import Pyro5.api

Pyro5.config.SERPENT_BYTES_REPR = True  # bytes arrive as bytes, not in a dictionary


@Pyro5.api.expose
class Depot:
    def take(self, data):
        """Return the number of characters or bytes that arrived."""
        return len(data)

    def send(self, size, chunk):
        """Yield *size* bytes in pieces, so that they never are in memory all at once."""
        for start in range(0, size, chunk):
            yield b"x" * min(chunk, size - start)


Pyro5.api.serve({Depot: "example.depot"}, use_ns=False)
