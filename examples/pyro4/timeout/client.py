"""Gives up on calls that take too long."""

import socket

import Pyro4


def attempt(snail, seconds):
    try:
        print("   ", snail.crawl(seconds))
    except Pyro4.errors.TimeoutError:
        print("    TimeoutError, connected:", snail._pyroConnection is not None)


uri = input("uri? ").strip()
snail = Pyro4.Proxy(uri)
print("no limit:", snail._pyroTimeout)
attempt(snail, 0.3)
print("a limit of this proxy:")
snail._pyroTimeout = 0.2
attempt(snail, 0.8)
attempt(snail, 0)
snail._pyroTimeout = None
attempt(snail, 0.3)

print("a limit for all new ones:")
Pyro4.config.COMMTIMEOUT = 0.2
other = Pyro4.Proxy(uri)
attempt(other, 0.8)

print("also for those who do not answer at all:")
with socket.create_server(("localhost", 0)) as silent:
    attempt(Pyro4.Proxy(f"PYRO:x@localhost:{silent.getsockname()[1]}"), 0)
