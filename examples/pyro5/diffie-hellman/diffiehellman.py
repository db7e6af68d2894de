"""Two parties agree on a secret number, although everybody may hear what they say.

Nothing here proves who the other one is, so this alone is no protection; it is an example.
"""

import hashlib
import secrets

PRIME = 2**1279 - 1  # one of Mersenne's
BASE = 3


class Exchange:
    def __init__(self):
        self._private = secrets.randbelow(PRIME - 3) + 2
        self.public = pow(BASE, self._private, PRIME)

    def key(self, other_public):
        """Return the common key: 32 bytes, as hexadecimal digits."""
        if not 1 < other_public < PRIME - 1:
            raise ValueError("not a public number")
        number = pow(other_public, self._private, PRIME)
        return hashlib.sha256(str(number).encode()).hexdigest()
