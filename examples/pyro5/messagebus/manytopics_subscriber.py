"""Show a table of all 26 topics: manytopics_subscriber.py [rounds]"""

import string
import sys

from messagebus.client import Subscriber

rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
topics = string.ascii_uppercase
highest = dict.fromkeys(topics, 0)


def show(number):
    print(f"--- after {number} messages")
    for start in range(0, len(topics), 9):
        print(
            "  ".join(f"{topic} {highest[topic]:4}" for topic in topics[start : start + 9])
        )
    sys.stdout.flush()


with Subscriber() as subscriber:
    subscriber.subscribe(*topics)
    print("ready, waiting for messages", flush=True)
    for number, (topic, data) in enumerate(subscriber.messages(rounds * len(topics)), 1):
        highest[topic] = max(highest[topic], data)  # they may come in another order
        if number % (5 * len(topics)) == 0:
            show(number)
    if number % (5 * len(topics)):
        show(number)
    subscriber.unsubscribe(*topics)
