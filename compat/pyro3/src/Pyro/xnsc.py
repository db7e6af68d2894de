"""Controls a name server in a window: ``pyro-xnsc``, ``python -m Pyro.xnsc``."""

from __future__ import annotations

import importlib
import sys

__all__ = ["main"]

_WITHOUT = "pyro-xnsc needs {}: {}\nWithout a window there is pyro-nsc."


def main(*, tree: bool = False) -> int:
    """Show the window until it is closed.

    Args:
        tree: Show a tree of all names, too.

    Returns:
        The status of the command.
    """
    try:
        tk = importlib.import_module("tkinter")
        windows = importlib.import_module("Pyro.windows")
    except ImportError as error:
        print(_WITHOUT.format("Python with Tk", error), file=sys.stderr)
        return 1
    try:
        root = tk.Tk()
    except tk.TclError as error:
        print(_WITHOUT.format("a display", error), file=sys.stderr)
        return 1
    windows.Window(root, tree=tree)
    try:
        root.mainloop()
    except KeyboardInterrupt:
        root.destroy()
    return 0


if __name__ == "__main__":
    sys.exit(main())
