"""Flies into the set in one process; to compare with client_asciizoom.py.

Usage: python normal.py [frames] [columns] [lines]
"""

import sys
import time

from mandelbrot import row, zooming

frames, width, height = [int(text) for text in sys.argv[1:]] or (60, 78, 24)
start = time.perf_counter()
for view in zooming(frames, width, height):
    for number in range(height):
        print(view.text(row(*view.row_arguments(number))))
    print()
print(f"{frames / (time.perf_counter() - start):.1f} frames per second")
