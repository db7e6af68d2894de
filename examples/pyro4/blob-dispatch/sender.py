"""Sends gifts through the post office, which does not know this class."""

import Pyro4
from parcels import Gift
from Pyro4.core import SerializedBlob

post = Pyro4.Proxy("PYRONAME:example.post")
post.send(SerializedBlob("Ben", Gift("a book", wrapped=True)))
post.send(SerializedBlob("Ben", Gift("a ball", wrapped=False)))
try:
    post.send(SerializedBlob("Ben", Gift("a bell", True)), "and more")
except Pyro4.errors.SerializeError:
    print("a blob travels alone")
