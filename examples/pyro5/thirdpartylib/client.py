"""Use the library behind server.py or server2.py."""

import Pyro5.api
import Pyro5.errors

with Pyro5.api.Proxy(input("URI of the station: ").strip()) as station:
    print("measure:", station.measure())
    try:
        print("report:", station.report())
    except Pyro5.errors.SerializeError as error:
        print("report: it cannot be sent:", error)
    try:
        print("self_destruct:", station.self_destruct())
    except AttributeError:
        print("self_destruct: it is not exposed")
