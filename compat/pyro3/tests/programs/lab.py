"""What the programs of this folder need around Pyro: children, ports, a scratch folder.

A program is one file with several parts, functions by name, each played by a process of
its own; ``play`` runs the part "client" after the other ones have said that they're ready.
"""

import atexit
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

PATIENCE = 20
GO = "(ready)"


def _scratch():
    folder = os.environ.get("LAB_FOLDER")
    if folder is None:
        folder = os.environ["LAB_FOLDER"] = tempfile.mkdtemp(prefix="lab")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ.setdefault("PYRO_HOST", "localhost")
        os.environ["PYRO_STORAGE"] = folder
    return folder


FOLDER = _scratch()


def path(name):
    """Return the path of a file in the scratch folder."""
    return os.path.join(FOLDER, name)


def port():
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def say(*words):
    """Print at once."""
    print(*words, flush=True)


def fault(function, *args, **kwargs):
    """Return class and arguments of what a call raises, or what it returns."""
    try:
        return function(*args, **kwargs)
    except Exception as error:
        return type(error).__name__, *error.args


def until(condition):
    """Wait until something has become true."""
    pause = threading.Event()
    for _ in range(PATIENCE * 50):
        if condition():
            return True
        pause.wait(0.02)
    return False


class Child:
    """A process, and the lines that it has printed so far."""

    def __init__(self, *command, **env):
        self.lines = []
        self._new = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, *map(str, command)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **env},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        threading.Thread(target=self._read, daemon=True).start()
        atexit.register(self.kill)

    def _read(self):
        for line in self.process.stdout:
            self._new.put(line.rstrip("\n"))
        self._new.put(None)

    def _more(self, seconds):
        line = self._new.get(timeout=seconds)
        if line is None:
            self._new.put(None)
            return None
        self.lines.append(line)
        return line

    def until(self, text):
        """Return the first line that has a text in it."""
        for line in self.lines:
            if text in line:
                return line
        while (line := self._more(PATIENCE)) is not None:
            if text in line:
                return line
        raise RuntimeError("no %r in %s" % (text, self.lines))

    def end(self):
        """Wait for the end; return the status, with all lines read."""
        while self._more(PATIENCE) is not None:
            pass
        return self.process.wait(PATIENCE)

    def interrupt(self):
        """Press the keys that break, and return the status."""
        self.process.send_signal(signal.SIGINT)
        return self.end()

    def kill(self):
        """End it, if it runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def module(name, *args, **env):
    """Start a module as a program."""
    return Child("-m", name, *args, **env)


def output(name, *args, **env):
    """Return what a module prints that ends by itself, and its status."""
    child = module(name, *args, **env)
    status = child.end()
    return child.lines, status


def names(*options):
    """Start a name server that everybody finds from now on."""
    os.environ["PYRO_NS_HOSTNAME"] = "localhost"
    os.environ["PYRO_NS_PORT"] = str(port())
    child = module(
        "Pyro.naming",
        "-n",
        "localhost",
        "-p",
        os.environ["PYRO_NS_PORT"],
        "-r",
        "-x",
        *options,
    )
    child.until("Name Server started.")
    return child


def part(name, *args, **env):
    """Start another part of this program, and wait until it's ready."""
    child = Child(os.path.abspath(sys.argv[0]), name, *args, **env)
    child.until(GO)
    return child


def ready():
    """Tell that this part is ready."""
    say(GO)


def play(parts, with_names=False, first=()):
    """Play a part, or the program: name server, the parts in *first*, the client."""
    if len(sys.argv) > 1:
        parts[sys.argv[1]](*sys.argv[2:])
        return
    children = []
    try:
        if with_names:
            children.append(names())
        children += [part(name) for name in first]
        status = subprocess.call([sys.executable, os.path.abspath(sys.argv[0]), "client"])
    finally:
        for child in reversed(children):
            child.kill()
    sys.exit(status)
