"""Send visitors into the theatre of server2.py."""

import Pyro5.api

with Pyro5.api.Proxy("PYRONAME:example.theatre") as theatre:
    start = theatre.inside()
    for _ in range(3):
        theatre.enter()
    theatre.wait_for(start + 3)
    print("door open, three have entered:", theatre.inside() - start)
    theatre.close_door()
    for _ in range(3):
        theatre.enter()
    print("door closed, three wait in front of it:", theatre.inside() - start)
    theatre.open_door()
    theatre.wait_for(start + 6)
    print("door open again:", theatre.inside() - start)
