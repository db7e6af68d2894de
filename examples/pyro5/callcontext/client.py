"""Sends something along with its calls to server.py, and sees what comes back."""

import uuid

import Pyro5.api
from Pyro5.api import current_context


def show_answer():
    for name, value in sorted(current_context.response_annotations.items()):
        print(f"  annotation {name}:", bytes(value))
    if not current_context.response_annotations:
        print("  no annotations")


meter = Pyro5.api.Proxy(input("uri of the server? ").strip())
current_context.annotations = {"XYZZ": b"from the client"}
current_context.correlation_id = uuid.uuid4()
print("correlation id", current_context.correlation_id)

print("echo:", meter.echo("hello"))
show_answer()
print("oneway:", meter.oneway())
show_answer()
