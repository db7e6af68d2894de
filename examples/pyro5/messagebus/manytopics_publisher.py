"""Publish to 26 topics, without waiting: manytopics_publisher.py [rounds] [pause]"""

import string
import sys
import time

from messagebus.client import find_bus

rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
pause = float(sys.argv[2]) if len(sys.argv) > 2 else 0.5

with find_bus() as bus:
    for number in range(1, rounds + 1):
        for topic in string.ascii_uppercase:
            bus.send_no_ack(topic, number * ord(topic))
        print("round", number, flush=True)
        time.sleep(pause)
