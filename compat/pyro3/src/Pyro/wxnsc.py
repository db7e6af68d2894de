"""The control tool with a tree of names: ``pyro-wxnsc``, ``python -m Pyro.wxnsc``.

It was made with wxPython once; it is the tool of :mod:`Pyro.xnsc` now.
"""

from __future__ import annotations

import sys

from . import xnsc

__all__ = ["main"]


def main() -> int:
    """Show the window until it is closed; return the status of the command."""
    return xnsc.main(tree=True)


if __name__ == "__main__":
    sys.exit(main())
