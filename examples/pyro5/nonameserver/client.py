"""Ask both objects of server.py."""

import Pyro5.api

for subject in "kitchen", "weather":
    with Pyro5.api.Proxy(input(f"URI of the {subject} proverbs: ").strip()) as proverbs:
        print(" ", proverbs.next())
        print(" ", proverbs.next())
