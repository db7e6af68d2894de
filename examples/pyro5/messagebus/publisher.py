"""Publish forecasts of the weather: python publisher.py [number] [seconds between two]

Start a name server and the bus (python -m messagebus.server) first.
"""

import itertools
import sys
import time

from messagebus.client import find_bus

number = int(sys.argv[1]) if len(sys.argv) > 1 else 20
pause = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
towns = itertools.cycle(["Oslo", "Quito", "Accra"])
skies = itertools.cycle(["sun", "rain", "fog", "snow", "wind"])

with find_bus() as bus:
    for degrees in range(number):
        forecast = {"town": next(towns), "sky": next(skies), "degrees": degrees}
        bus.send("weather", forecast)
        print("sent", forecast, flush=True)
        time.sleep(pause)
