"""What is measured, and on which sides."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CASES", "SIDES", "Case", "Side"]

PEERS = Path(__file__).parent.parent / ".peers"
PYRO5 = PEERS / "pyro5" / "bin" / "python"
PYRO4 = PEERS / "pyro4" / "bin" / "python"
BENCH = PEERS / "bench" / "bin" / "python"  # has pyrophone too, for uvloop and numpy
OURS = BENCH if BENCH.exists() else Path(sys.executable)


@dataclass(frozen=True)
class Side:
    """One way to do things, as a server process and a client process.

    Attributes:
        title: What the tables call it.
        script: What is run by *python*, without ``side_`` and ``.py``.
        variant: What the script is told: ``multiplex``, or which event loop to use.
        build: Of ours, ``compiled`` or ``pure``; ``before`` is that of another checkout.
        program: What else has to be installed.
    """

    title: str
    script: str
    python: Path
    variant: str = ""
    build: str = ""
    program: str = ""

    @property
    def loop(self) -> str:
        """Which event loop it uses, if any."""
        return self.variant if self.variant in ("asyncio", "uvloop") else ""


@dataclass(frozen=True)
class Case:
    """One thing to do.

    Attributes:
        title: The heading of its picture.
        what: What exactly is done.
        repeats: How often each side does it in a round. Slow ones do it less often,
            which shows in no figure but the time that all takes.
        floor: The sides that all are compared with, one for each kind of loop.
        unit: What the figures are: microseconds or milliseconds.
        most_rounds: How many rounds are enough.
        clients: How many processes do it at the same time.
    """

    action: str
    title: str
    what: str
    repeats: Mapping[str, int]
    floor: str = ""
    unit: str = "µs"
    most_rounds: int = 1000
    clients: int = 1


SIDES = {
    "raw": Side("raw sockets", "raw", OURS),
    "ours": Side("Pyrophone", "pyrophone", OURS, build="compiled"),
    "pure": Side("Pyrophone (pure)", "pyrophone", OURS, build="pure"),
    "multiplex": Side("Pyrophone, multiplex", "pyrophone", OURS, "multiplex", "compiled"),
    "pure-multiplex": Side(
        "Pyrophone (pure), multiplex", "pyrophone", OURS, "multiplex", "pure"
    ),
    "before": Side("Pyrophone, before", "pyrophone", OURS, build="before"),
    "pyro5": Side("Pyro5", "pyro", PYRO5),
    "pyro5-multiplex": Side("Pyro5, multiplex", "pyro", PYRO5, "multiplex"),
    "pyro4": Side("Pyro4", "pyro", PYRO4),
    "rpyc": Side("RPyC", "rpyc", BENCH),
    "managers": Side("multiprocessing", "managers", OURS),
    "grpc": Side("gRPC", "grpc_sync", BENCH),
    "zmq": Side("ZeroMQ, msgpack", "zmq", BENCH),
    "xmlrpc": Side("XML-RPC", "xmlrpc", OURS),
    "events": Side("Pyrophone", "events", OURS, build="compiled"),
    "pure-events": Side("Pyrophone (pure)", "events", OURS, build="pure"),
    "rpyc-events": Side("RPyC, callbacks", "events_rpyc", BENCH),
    "zmq-events": Side("ZeroMQ PUB/SUB, msgpack", "events_zmq", BENCH),
    "nats": Side("NATS, msgpack", "events_nats", BENCH, program="nats-server"),
    "raw-asyncio": Side("raw, asyncio", "raw_aio", OURS, "asyncio"),
    "raw-uvloop": Side("raw, uvloop", "raw_aio", BENCH, "uvloop"),
    "ours-asyncio": Side(
        "Pyrophone, asyncio", "pyrophone_aio", OURS, "asyncio", "compiled"
    ),
    "ours-uvloop": Side("Pyrophone, uvloop", "pyrophone_aio", BENCH, "uvloop", "compiled"),
    "pure-asyncio": Side(
        "Pyrophone (pure), asyncio", "pyrophone_aio", OURS, "asyncio", "pure"
    ),
    "grpc-asyncio": Side("gRPC, asyncio", "grpc", BENCH, "asyncio"),
    "grpc-uvloop": Side("gRPC, uvloop", "grpc", BENCH, "uvloop"),
}


def _ours(count: int, *, multiplex: bool = False) -> dict[str, int]:
    """Return how often our sides with threads do something."""
    names = ["ours", "pure"]
    if multiplex:
        names += ["multiplex", "pure-multiplex"]
    return dict.fromkeys([*names, "before"], count)


def _loops(raw: int, ours: int, grpc: int) -> dict[str, int]:
    """Return how often the sides with loops do something."""
    counts = {
        "raw-asyncio": raw,
        "ours-asyncio": ours,
        "pure-asyncio": ours,
        "grpc-asyncio": grpc,
        "raw-uvloop": raw,
        "ours-uvloop": ours,
        "grpc-uvloop": grpc,
    }
    return {side: count for side, count in counts.items() if count}


CASES = [
    Case(
        "call",
        "A call",
        "add(1, 2), one after another (raw: 100 bytes to and fro)",
        {
            "raw": 2000,
            **_ours(1000, multiplex=True),
            "pyro5": 300,
            "pyro5-multiplex": 300,
            "pyro4": 300,
            "rpyc": 300,
            "managers": 500,
            "grpc": 200,
            "zmq": 500,
            "xmlrpc": 50,
        },
        "raw",
    ),
    Case(
        "two",
        "A call, of two clients at once",
        "the same by two processes at the same time: the time that each waits",
        {
            "raw": 1000,
            **_ours(500, multiplex=True),
            "pyro5": 200,
            "pyro5-multiplex": 200,
            "rpyc": 200,
            "managers": 300,
            "grpc": 200,
            "zmq": 300,
        },
        "raw",
        clients=2,
    ),
    Case(
        "connect",
        "Connecting, and the first call",
        "a new connection, add(1, 2), and its end",
        {
            "raw": 200,
            **_ours(40, multiplex=True),
            "pyro5": 40,
            "pyro5-multiplex": 40,
            "pyro4": 40,
            "rpyc": 10,
            "managers": 3,
            "grpc": 10,
            "zmq": 40,
            "xmlrpc": 40,
        },
        "raw",
    ),
    Case(
        "oneway",
        "A one-way call",
        "many that nobody waits for, and one more that waits for the last",
        {**_ours(1000, multiplex=True), "pyro5": 500, "pyro5-multiplex": 500, "pyro4": 500},
    ),
    Case(
        "threads",
        "A call, of 16 threads at once",
        "threads of a process that share a handle (raw: a socket each, Pyro: a proxy each)",
        {
            "raw": 3200,
            **_ours(1600, multiplex=True),
            "pyro5": 800,
            "pyro4": 800,
            "rpyc": 320,
            "managers": 800,
            "grpc": 320,
        },
        "raw",
    ),
    Case(
        "tree",
        "3,000 values, there and back",
        "an echo of nested lists and dicts",
        {
            **_ours(10),
            "pyro5": 3,
            "pyro4": 3,
            "managers": 5,
            "zmq": 20,
            "xmlrpc": 3,
        },
        unit="ms",
    ),
    Case(
        "bytes",
        "1 MiB of bytes, there and back",
        "an echo (Pyro's clients still have to decode what they get)",
        {
            "raw": 50,
            **_ours(20, multiplex=True),
            "pyro5": 2,
            "pyro4": 2,
            "rpyc": 10,
            "managers": 20,
            "grpc": 10,
            "zmq": 20,
            "xmlrpc": 2,
        },
        "raw",
        unit="ms",
    ),
    Case(
        "array",
        "An array of 80 MB, one way",
        "10 million numbers of numpy (raw, Pyro5, RPyC, gRPC, ZeroMQ: as many bytes)",
        {
            "raw": 2,
            **_ours(2),
            "pyro5": 1,
            "rpyc": 1,
            "managers": 1,
            "grpc": 1,
            "zmq": 1,
        },
        "raw",
        unit="ms",
        most_rounds=5,
    ),
    Case(
        "batch",
        "A call in a batch of 1,000",
        "add(1, 2), a thousand to a message",
        {**_ours(5000, multiplex=True), "pyro5": 2000, "pyro4": 2000},
    ),
    Case(
        "stream",
        "An item of a stream",
        "of up to 100,000 numbers, one after another (raw: lines)",
        {
            "raw": 100_000,
            **_ours(100_000, multiplex=True),
            "pyro5": 300,
            "pyro4": 300,
            "rpyc": 300,
            "grpc": 2000,
            **_loops(100_000, 100_000, 2000),
        },
        "raw",
    ),
    Case(
        "deliver",
        "From publish to delivery",
        "an event of three values, waited for before the next; one server in between",
        {
            "events": 300,
            "pure-events": 300,
            "rpyc-events": 100,
            "zmq-events": 500,
            "nats": 300,
        },
    ),
    Case(
        "publish",
        "An event, 500 at a time",
        "500 are published, as quickly as each can, and waited for",
        {
            "events": 5000,
            "pure-events": 5000,
            "rpyc-events": 500,
            "zmq-events": 5000,
            "nats": 5000,
        },
    ),
    Case(
        "await",
        "An awaited call",
        "add(1, 2), one after another (raw: 100 bytes by protocols)",
        _loops(1000, 500, 100),
        "raw",
    ),
    Case(
        "plain",
        "An awaited call of a plain method",
        "the same, run by a pool of threads on the server",
        _loops(0, 300, 0),
    ),
    Case(
        "gather",
        "An awaited call, 1,000 at once",
        "add(1, 2), a thousand awaited together (raw: 100 bytes by protocols)",
        _loops(5000, 2000, 1000),
        "raw",
    ),
]
