"""A proxy that looks before each call whether its connection is still there.

Different from a retry, the call itself is sent once: whether the connection works is tried
with a ping, and a ping may get lost.
"""

import Pyro5.api


class PingingProxy(Pyro5.api.Proxy):
    def _pyroInvoke(self, *args, **kwargs):
        if self._pyroConnection is not None:
            try:
                print("  ping")
                Pyro5.protocol.SendingMessage.ping(self._pyroConnection)
            except Pyro5.errors.ConnectionClosedError:
                print("  The connection is lost. Binding again.")
                self._pyroReconnect(tries=5)
        return super()._pyroInvoke(*args, **kwargs)


with PingingProxy(input("uri of the server? ").strip()) as server:
    print(server.echo("one"))
    print(server.echo("two"))
    input("Wait until the server closes the connection, then press Enter: ")
    print(server.echo("three"))
    print(server.echo("four"))
