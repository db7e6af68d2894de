"""The side of ZeroMQ's PUB and SUB with msgpack, by way of a forwarder."""

from __future__ import annotations

import platform
from importlib.metadata import version

import msgpack
import zmq

from driver import EVENT, answer_orders, play, publishing, repeat


def serve() -> None:
    """Pass on what is published."""
    context = zmq.Context()
    inward, outward = context.socket(zmq.XSUB), context.socket(zmq.XPUB)
    ports = [one.bind_to_random_port("tcp://127.0.0.1") for one in (inward, outward)]
    print(*ports, sep=",", flush=True)
    zmq.proxy(inward, outward)


def measure(address: str) -> None:
    """Publish, and wait for what was published."""
    inward, outward = address.split(",")
    context = zmq.Context()
    publisher, subscriber = context.socket(zmq.PUB), context.socket(zmq.SUB)
    publisher.connect(f"tcp://127.0.0.1:{inward}")
    subscriber.connect(f"tcp://127.0.0.1:{outward}")
    subscriber.subscribe(b"bench.")
    value = list(EVENT)

    def publish(count: int) -> None:
        for _ in range(count):
            publisher.send_multipart([b"bench.value", msgpack.packb(EVENT)])

    def receive(count: int) -> None:
        for _ in range(count):
            assert msgpack.unpackb(subscriber.recv_multipart()[1]) == value

    def deliver() -> None:
        publish(1)
        receive(1)

    # Nobody tells when a subscription has come to the publisher.
    while not subscriber.poll(10):
        publish(1)
    publisher.send_multipart([b"bench.value", msgpack.packb("end")])
    while msgpack.unpackb(subscriber.recv_multipart()[1]) != "end":
        pass
    answer_orders(
        f"pyzmq {version('pyzmq')}, msgpack {version('msgpack')}, "
        f"Python {platform.python_version()}",
        {"deliver": repeat(deliver), "publish": publishing(publish, receive)},
    )
    context.destroy(linger=0)


if __name__ == "__main__":
    play(serve, measure)
