"""Serves the object of bench.py. Start it, then client.py or connections.py."""

import Pyro5.api
from bench import Bench

Pyro5.api.serve({Bench: "example.bench"}, use_ns=False)
