"""Take five forecasts, and cancel the subscription; see publisher.py."""

from messagebus.client import Subscriber, find_bus


class CarefulSubscriber(Subscriber):
    """Looks into its inbox by itself."""

    def next_forecast(self, patience):
        return self._inbox.get(timeout=patience)[1]


with CarefulSubscriber() as subscriber:
    subscriber.subscribe("weather")
    print("ready, waiting for forecasts", flush=True)
    for number in range(1, 6):
        forecast = subscriber.next_forecast(patience=60)
        print(f"{number}. {forecast['town']}: {forecast['sky']}", flush=True)
    subscriber.unsubscribe("weather")
    print("unsubscribed; topics with subscribers:", end=" ")
    with find_bus() as bus:
        print(bus.topics())
