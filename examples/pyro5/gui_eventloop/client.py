"""Pin messages to the board of gui_threads.py or gui_nothreads.py."""

import sys

import Pyro5.api

with Pyro5.api.Proxy(input("URI of the board: ").strip()) as board:
    for text in ["Lost: one glove", "Found: one glove", "For sale: two gloves"]:
        print("message", board.pin("client", text), "is on the board")
    if "--close" in sys.argv:
        board.take_down()
