"""Sends notes with its calls, and reads those of the answers: old way and new way."""

import uuid

import Pyro4
from Pyro4 import current_context


class Gardener(Pyro4.Proxy):
    """The old way: hooks of the proxy. All its calls carry the same."""

    def _pyroAnnotations(self):
        return {"WHOM": b"gardener"}

    def _pyroResponseAnnotations(self, annotations, msgtype):
        shown = sorted(set(annotations) - {"CORR", "HMAC"})
        print(f"   hook: message type {msgtype} has {shown}")


uri = input("uri? ").strip()
gardener = Gardener(uri)
gardener._pyroHmacKey = "flower"
print("-- hooks")
print("serializer", gardener.water("fern"))

print("-- the context: notes go with the next call")
proxy = Pyro4.Proxy(uri)  # from here on the context has no notes
proxy._pyroHmacKey = b"flower"
current_context.correlation_id = uuid.UUID(int=7)
current_context.annotations = {"NOTE": b"not too much"}
print("serializer", proxy.water("rose"))
answer = current_context.response_annotations
print({key: bytes(answer[key]) for key in ("DONE", "SERV")})
proxy.water("palm")

print("-- calls that do not wait have a context of their own")
Pyro4.asyncproxy(proxy)
proxy.water("cactus").wait(20)

print("-- who does not know the key")
try:
    Pyro4.Proxy(uri).water("moss")
except Pyro4.errors.CommunicationError as error:
    print(type(error).__name__)

print("-- and a call that nobody waits for")
current_context.correlation_id = uuid.UUID(int=8)
lazy = Pyro4.Proxy(uri)
lazy._pyroHmacKey = b"flower"
lazy.ventilate()
