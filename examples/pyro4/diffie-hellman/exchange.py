"""Two make the same secret number, and an eavesdropper can't."""

import hashlib

PRIME = 2**521 - 1
BASE = 3


class Exchange:
    def __init__(self, secret):
        self._secret = secret
        self.public = pow(BASE, secret, PRIME)

    def key(self, theirs):
        shared = pow(theirs, self._secret, PRIME)
        return hashlib.sha256(shared.to_bytes(66, "big")).digest()
