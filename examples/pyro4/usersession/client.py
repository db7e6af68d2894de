"""Tells with each call who calls, from several threads at once."""

import threading

import Pyro4

uri = input("uri? ").strip()


class UserProxy(Pyro4.Proxy):
    """Carries the token of its user in all calls and the handshake."""

    def __init__(self, uri, token="t-0"):
        super().__init__(uri)
        self._pyroHandshake = token

    def _pyroAnnotations(self):
        return {"USER": self._pyroHandshake.encode()}

    def _pyroValidateHandshake(self, response):
        print("server says:", response)


ann, bob = UserProxy(uri, "t-17"), UserProxy(uri, "t-42")
ann._pyroBind()
bob._pyroBind()
threads = [
    threading.Thread(target=proxy.add, args=(f"note {number}",))
    for proxy, several in ((ann, 3), (bob, 2))
    for number in range(several)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(*ann.all())
print(*bob.all())
try:
    UserProxy(uri).all()
except Pyro4.errors.CommunicationError as error:
    print(type(error).__name__, "with the reason:", "unknown token" in str(error))
