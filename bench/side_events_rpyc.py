"""The side of RPyC's callbacks, as its users make events of them."""

from __future__ import annotations

import platform
import queue
import threading
from importlib.metadata import version
from typing import Any

import rpyc
from rpyc.utils.server import ThreadedServer

from driver import EVENT, answer_orders, play, publishing, repeat


class Events(rpyc.Service):
    """Calls back whom it was told to call."""

    def __init__(self) -> None:
        self.callbacks: list[Any] = []

    def exposed_subscribe(self, callback: Any) -> None:
        """Have *callback* called with each event."""
        self.callbacks.append(rpyc.async_(callback))

    def exposed_publish(self, topic: str, value: Any) -> None:
        """Call all callbacks; wait for none."""
        for callback in self.callbacks:
            callback(topic, value)


def serve() -> None:
    """Serve an Events."""
    server = ThreadedServer(Events(), hostname="127.0.0.1", port=0)
    print(server.port, flush=True)
    server.start()


def measure(address: str) -> None:
    """Publish, and wait for what was published."""
    publisher: Any = rpyc.connect("127.0.0.1", int(address))
    subscriber: Any = rpyc.connect("127.0.0.1", int(address))
    came: queue.SimpleQueue[Any] = queue.SimpleQueue()
    subscriber.root.subscribe(lambda topic, value: came.put(value))
    # Its own BgServingThread sleeps between two looks, 0.1 s each time.
    threading.Thread(target=subscriber.serve_all, daemon=True).start()
    soon = rpyc.async_(publisher.root.publish)

    def deliver() -> None:
        publisher.root.publish("bench.value", EVENT)
        receive(1)

    def publish(count: int) -> None:
        under_way = [soon("bench.value", EVENT) for _ in range(count)]
        for result in under_way:
            result.wait()

    def receive(count: int) -> None:
        for _ in range(count):
            assert came.get(timeout=10) == EVENT

    answer_orders(
        f"rpyc {version('rpyc')}, Python {platform.python_version()}",
        {"deliver": repeat(deliver), "publish": publishing(publish, receive)},
    )


if __name__ == "__main__":
    play(serve, measure)
