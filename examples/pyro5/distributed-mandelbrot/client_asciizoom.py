"""Flies into the set, with the help of all server.py.

Usage: python client_asciizoom.py [frames] [columns] [lines]
"""

import sys
import time

from farm import Farm
from mandelbrot import zooming

frames, width, height = [int(text) for text in sys.argv[1:]] or (60, 78, 24)
with Farm() as farm:
    print(len(farm), "servers")
    start = time.perf_counter()
    for view in zooming(frames, width, height):
        for _, counts in sorted(farm.rows(view)):
            print(view.text(counts))
        print()
    print(f"{frames / (time.perf_counter() - start):.1f} frames per second")
