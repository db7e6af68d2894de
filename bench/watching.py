"""What it costs to watch observables: processor time of a client that only looks.

One process has objects, and changes all their attributes at a steady pace; this one
watches them all, as a window would. Printed is which part of a core each of the two takes,
and how many changes come in a second.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from typing import Any

from pyrophone import expose, observable
from pyrophone.events import watch_all
from pyrophone.sync import Daemon, connect


def make_class(attributes: int) -> Any:
    """Return a class with so many observables."""
    names = names_of(attributes)
    return expose(type("Panel", (), {name: observable(float, 0.0) for name in names}))


def names_of(attributes: int) -> list[str]:
    """Return the names of the observables."""
    return [f"value{number}" for number in range(attributes)]


def serve(objects: int, attributes: int, rate: float) -> None:
    """Serve objects and change their attributes until standard input ends."""
    panels = [make_class(attributes)() for _ in range(objects)]
    names = names_of(attributes)
    with Daemon() as daemon:
        threading.Thread(target=daemon.serve, daemon=True).start()
        print(*(daemon.register(panel) for panel in panels), flush=True)
        threading.Thread(target=wait_for_end, daemon=True).start()
        count = 0.0
        start = time.monotonic()
        while True:
            count += 1.0
            for panel in panels:
                for name in names:
                    setattr(panel, name, count)
            time.sleep(max(0.0, start + count / rate - time.monotonic()))


def wait_for_end() -> None:
    """End this process with the other one."""
    sys.stdin.read()
    os._exit(0)


def measure(args: argparse.Namespace) -> None:
    """Watch, and print what that took."""
    sizes = [str(args.objects), str(args.attributes), str(args.rate)]
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve", *sizes],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        uris = server.stdout.readline().split()
        names = names_of(args.attributes)
        watched = [(connect(uri), names) for uri in uris]
        with watch_all(watched, max_rate=args.rate) as changes:
            for _ in range(args.objects * args.attributes * 3):  # it runs smoothly by now
                next(changes)
            count, begun, used = 0, time.monotonic(), time.process_time()
            other = processor_time(server.pid)
            while time.monotonic() < begun + args.seconds:
                next(changes)
                count += 1
            passed = time.monotonic() - begun
            used = time.process_time() - used
            other = processor_time(server.pid) - other
        print(
            f"{args.objects} objects with {args.attributes} attributes, {args.rate:g} Hz: "
            f"{count / passed:.0f} changes a second, client {used / passed:.1%} of a core, "
            f"server {other / passed:.1%} (that sets them, too)"
        )
    finally:
        server.kill()
        server.wait()


def processor_time(pid: int) -> float:
    """Return the seconds that a process has used."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description="Measure what watching costs.")
    parser.add_argument("--objects", type=int, default=10)
    parser.add_argument("--attributes", type=int, default=100, help="of each object")
    parser.add_argument("--rate", type=float, default=10.0, help="changes a second of each")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        objects, attributes, rate = args.serve
        serve(int(objects), int(attributes), float(rate))
    else:
        measure(args)


if __name__ == "__main__":
    main()
