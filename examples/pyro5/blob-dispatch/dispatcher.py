"""Passes data on to whoever listens for its topic. Start names, this, listeners, client.py.

The dispatcher reads only the label of a blob. What is inside stays as it came, so it
needs neither the classes in there, nor the time to decode and encode them.
"""

import Pyro5.api


@Pyro5.api.expose
@Pyro5.api.behavior(instance_mode="single")
class Dispatcher:
    def __init__(self):
        self._listeners = {}

    def listen(self, topic, listener):
        """Send what comes for *topic* to the proxy *listener*."""
        self._listeners.setdefault(topic, []).append(listener)
        print("a listener for", topic)

    def process_blob(self, blob):
        print("blob for", blob.info)
        listeners = self._listeners.get(blob.info, [])
        for listener in listeners:
            listener._pyroClaimOwnership()  # it came in another thread
            listener.process_blob(blob)
        return len(listeners)


Pyro5.api.serve({Dispatcher: "example.dispatcher"})
