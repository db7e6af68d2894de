"""Programs that come with Pyro5: a server to try things with, and a gateway for HTTP."""
