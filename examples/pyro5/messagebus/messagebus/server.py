"""The program of the bus; it needs a name server.

Run it:

    python -m messagebus.server [-s memory|FILE] [--stats SECONDS]
"""

import argparse
import threading

import Pyro5.api

from . import bus, storage


def print_stats(message_bus):
    print("{} messages, {} deliveries, {} waiting".format(*message_bus.stats()), flush=True)


def main():
    parser = argparse.ArgumentParser(description="Run a message bus.")
    parser.add_argument("-s", "--storage", default="messages.sqlite")
    parser.add_argument("--stats", type=float, default=10, help="seconds between two lines")
    args = parser.parse_args()
    memory = args.storage == "memory"
    keeper = storage.MemoryStorage() if memory else storage.SqliteStorage(args.storage)
    message_bus = bus.MessageBus(keeper)
    print(f"message bus, {keeper.count()} messages waiting")

    stop = threading.Event()

    def tell():
        while not stop.wait(args.stats):
            print_stats(message_bus)

    threading.Thread(target=tell, daemon=True).start()
    try:
        Pyro5.api.serve({message_bus: bus.NAME})
    finally:
        stop.set()
        message_bus._stop()
        print_stats(message_bus)
        keeper.close()


if __name__ == "__main__":
    main()
