"""Listen to the forecasts of publisher.py: python subscriber.py [number of forecasts]"""

import sys

from messagebus.client import Subscriber

number = int(sys.argv[1]) if len(sys.argv) > 1 else 20
with Subscriber() as subscriber:
    subscriber.subscribe("weather")
    print("ready, waiting for forecasts", flush=True)
    for topic, data in subscriber.messages(number):
        print(
            f"{topic}: {data['sky']} in {data['town']}, {data['degrees']} degrees",
            flush=True,
        )
    subscriber.unsubscribe("weather")
