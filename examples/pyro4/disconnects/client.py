"""Tries its connection before each call: a message that only wants to be answered."""

import Pyro4
from Pyro4.message import MSG_PING, Message


class CarefulProxy(Pyro4.Proxy):
    def _pyroInvoke(self, *args, **kwargs):
        if self._pyroConnection is not None and not self._answers():
            print("the connection is dead, get another one")
            self._pyroReconnect()
        return super()._pyroInvoke(*args, **kwargs)

    def _answers(self):
        """Ping as Message.ping does, with the key, too."""
        key = self._pyroHmacKey
        try:
            ping = Message(MSG_PING, b"ping", 42, 0, 0, hmac_key=key)
            ping.send(self._pyroConnection)
            pong = Message.recv(self._pyroConnection, [MSG_PING], hmac_key=key)
        except Pyro4.errors.ConnectionClosedError:
            return False
        print("alive:", bytes(pong.data).decode())
        return True


bell = CarefulProxy(input("uri? ").strip())
bell._pyroHmacKey = b"bronze"
print(bell.ring())
print(bell.ring())
input("wait for the server... ")
print(bell.ring())
