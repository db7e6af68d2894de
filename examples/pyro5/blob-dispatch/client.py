"""Sends objects of a class that the dispatcher does not know."""

import customdata
import Pyro5.api
from customdata import CustomData

customdata.register()

with Pyro5.api.Proxy("PYRONAME:example.dispatcher") as dispatcher:
    for topic, data in [
        ("blue", CustomData(1, 2, 3)),
        ("red", CustomData("x", ["y"], {"z": 1.5})),
        ("green", CustomData(None, None, None)),
    ]:
        blob = Pyro5.api.SerializedBlob(topic, data)
        print(f"{topic}: processed by {dispatcher.process_blob(blob)}")
