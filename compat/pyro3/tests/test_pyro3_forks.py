"""Programs that fork: the child has connections of its own, and leaves names alone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, sys, threading
import Pyro.core

class Names:
    def register(self, name, uri):
        print("register", name, flush=True)

    def unregister(self, name):
        print("unregister", name, flush=True)

class Thing(Pyro.core.ObjBase):
    def __init__(self):
        Pyro.core.ObjBase.__init__(self)
        self.begun, self.may = threading.Event(), threading.Event()

    def echo(self, value):
        return value

    def wait(self):
        self.begun.set()
        self.may.wait(10)
        return "parent"

thing = Thing()
daemon = Pyro.core.Daemon(port=0, norange=1)
daemon.useNameServer(Names())
proxy = daemon.connect(thing, "a").getProxy()
threading.Thread(target=daemon.requestLoop, daemon=True).start()
caller = threading.Thread(target=lambda: print(proxy.wait(), flush=True))
caller.start()
thing.begun.wait(10)
child = os.fork()
if not child:
    signal.alarm(10)
    print(proxy.echo("child"), flush=True)
    sys.exit()
print(os.waitpid(child, 0)[1], flush=True)
thing.may.set()
caller.join()
print(proxy.echo("parent again"), flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_uses_proxies_that_its_parent_is_using() -> None:
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = ["register a", "child", "0", "parent", "parent again", "unregister a", ""]
    assert (found.stdout.split("\n"), found.stderr) == (lines, "")
