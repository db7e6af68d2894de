"""Our side of events, by threads."""

from __future__ import annotations

from driver import EVENT, answer_orders, play, publishing, repeat
from ours import describe
from pyrophone.events import EventBus, Publisher, subscribe
from pyrophone.sync import Daemon


def serve() -> None:
    """Serve an event service."""
    with Daemon() as daemon:
        print(daemon.register(EventBus(), "Pyrophone.Events"), flush=True)
        daemon.serve()


def measure(address: str) -> None:
    """Publish, and wait for what was published."""
    publisher = Publisher(address)
    subscription = subscribe("bench.", service=address).start()

    def deliver() -> None:
        publisher.publish("bench.value", EVENT)
        assert subscription.get(10).value == EVENT

    def publish(count: int) -> None:
        publisher.publish_many(("bench.value", EVENT) for _ in range(count))

    def receive(count: int) -> None:
        for _ in range(count):
            assert next(subscription).value == EVENT

    answer_orders(
        describe(), {"deliver": repeat(deliver), "publish": publishing(publish, receive)}
    )
    subscription.close()
    publisher.close()


if __name__ == "__main__":
    play(serve, measure)
