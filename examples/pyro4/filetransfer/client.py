"""Gets a large file in four ways, from the slowest to the fastest."""

import base64
import socket

import Pyro4
import serpent
from Pyro4 import current_context

files = Pyro4.Proxy(input("uri? ").strip())
expected = files.checksum()


def show(way, data):
    same = base64.b64encode(data[::10_000]).decode() == expected
    print(f"{way}: {len(data)} bytes, the right ones: {same}")


show("in one call", serpent.tobytes(files.in_one_call()))
show("in pieces", b"".join(serpent.tobytes(piece) for piece in files.in_pieces()))

received = bytearray()
more = True
while more:
    more = files.in_annotations(len(received))
    received += current_context.response_annotations["FDAT"]
show("in annotations", bytes(received))

with socket.create_connection(files.over_a_socket()) as connection:
    received = b"".join(iter(lambda: connection.recv(65536), b""))
show("over a socket", received)
