"""What each process of a scene imports first: its lines come out whole, as in a terminal.

Without a buffer (PYTHONUNBUFFERED) a ``print`` writes its line and the end of the line one
after the other, and a second thread may write between them.
"""

import io
import sys

if isinstance(sys.stdout, io.TextIOWrapper):
    sys.stdout.reconfigure(line_buffering=True)
