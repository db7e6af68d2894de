"""Steers all scoreboards, each call from a thread of its own, as the pages of a website do.

All threads share the same proxies; a call waits until the proxy is free.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import Pyro4

names = Pyro4.locateNS()
found = sorted(names.list(prefix="example.board."))
boards = {name.rpartition(".")[2]: Pyro4.Proxy(f"PYRONAME:{name}") for name in found}
print("boards:", *boards)


def request(board, action, *arguments):
    """Do what a page of the website asks for."""
    return getattr(boards[board], action)(*arguments)


def wait_for(points):
    while [request(board, "standing") for board in boards] != points:
        time.sleep(0.02)


with ThreadPoolExecutor(6) as website:
    began = time.monotonic()
    for board in boards:
        website.submit(request, board, "clock", 60).result()
    print("the clocks run, and nobody waits:", time.monotonic() - began < 30)
    for page in [website.submit(request, board, "score", 20) for board in boards]:
        page.result()
    wait_for([20] * len(boards))
    pages = [website.submit(request, "north", "press") for _ in range(5)]
    for page in pages:
        page.result()
    standings = {board: request(board, "standing") for board in boards}
    print(standings)
    for board in boards:
        request(board, "stop")
        request(board, "title", f"{board} has {standings[board]}")
