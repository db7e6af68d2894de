"""The bus itself."""

import threading

import Pyro5.api

NAME = "example.messagebus"
BATCH = 50  # messages that are looked at together


@Pyro5.api.expose
class MessageBus:
    """Takes messages for topics, and keeps them until somebody has subscribed."""

    def __init__(self, storage):
        self._storage = storage
        self._subscribers = {}  # topic: list of URIs
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._closed = False
        self._received = self._delivered = 0
        self._thread = threading.Thread(target=self._deliver_for_ever, name="delivery")
        self._thread.start()

    def send(self, topic, data):
        """Take a message, return its number."""
        number = self._storage.put(topic, data)
        with self._lock:
            self._received += 1
        self._news.set()
        return number

    @Pyro5.api.oneway
    def send_no_ack(self, topic, data):
        """Take a message from one who does not wait; the order may get lost."""
        self.send(topic, data)

    def subscribe(self, topic, subscriber):
        """Deliver messages of a topic to *subscriber*, a Pyro object, from now on.

        Its URI is kept, not the proxy: a proxy belongs to the thread which got it, but
        another thread delivers.
        """
        with self._lock:
            uris = self._subscribers.setdefault(topic, [])
            if subscriber._pyroUri not in uris:
                uris.append(subscriber._pyroUri)
        self._news.set()

    def unsubscribe(self, topic, subscriber):
        self._forget(topic, subscriber._pyroUri)

    def topics(self):
        """Return the topics that have subscribers."""
        with self._lock:
            return sorted(topic for topic, uris in self._subscribers.items() if uris)

    def stats(self):
        """Return how many messages came, were delivered, and wait."""
        return self._received, self._delivered, self._storage.count()

    def _forget(self, topic, uri):
        with self._lock:
            if uri in self._subscribers.get(topic, []):
                self._subscribers[topic].remove(uri)

    def _deliver_for_ever(self):
        while not self._closed:
            self._news.wait()
            self._news.clear()
            while sum(self._deliver_some(topic) for topic in self.topics()):
                pass

    def _deliver_some(self, topic):
        """Deliver a few messages of a topic; return how many deliveries that were."""
        before = self._delivered
        for number, data in self._storage.waiting(topic, BATCH):
            with self._lock:
                uris = list(self._subscribers[topic])
            taken = [uri for uri in uris if self._deliver(uri, topic, number, data)]
            if taken:
                self._storage.remove(number)
                self._delivered += len(taken)
        return self._delivered - before

    def _deliver(self, uri, topic, number, data):
        try:
            with Pyro5.api.Proxy(uri) as subscriber:
                subscriber.incoming(topic, number, data)
        except Exception as error:  # it has gone, or does not like the message
            print(f"a subscriber of {topic} is dropped: {type(error).__name__}", flush=True)
            self._forget(topic, uri)
            return False
        return True

    def _stop(self):
        """Deliver what can be delivered, and no more."""
        self._closed = True
        self._news.set()
        self._thread.join()
