"""Two users at the same time, with both objects of server.py."""

import Pyro5.api

TOKENS = {"anna": b"k7x2", "ben": b"p9q4"}


class User:
    def __init__(self, name, uri):
        self._name = name
        self._diary = Pyro5.api.Proxy(uri)

    def do(self, action, *args):
        # Sent with each call of this thread, until it is changed.
        Pyro5.api.current_context.annotations = {"USER": TOKENS[self._name]}
        try:
            result = getattr(self._diary, action)(*args)
        except RuntimeError as error:
            result = f"RuntimeError: {error}"
        print(f"  {self._name} {action}: {result}")

    def leave(self):
        self._diary._pyroRelease()


for kind in "session", "single":
    print(f"one object for each {kind}:" if kind == "session" else "a single object:")
    anna = User("anna", f"PYRONAME:example.diary.{kind}")
    ben = User("ben", f"PYRONAME:example.diary.{kind}")
    anna.do("open")
    ben.do("open")
    anna.do("write", f"sun ({kind})")
    ben.do("write", f"rain ({kind})")
    anna.do("read")
    ben.do("read")
    anna.leave()
    ben.leave()
