"""Talks over TLS with clients that have a certificate. Start certificates.py, then this."""

import pathlib

import Pyro4

trusted = pathlib.Path("trusted.crt")
trusted.write_text(
    pathlib.Path("ada.crt").read_text() + pathlib.Path("eve.crt").read_text()
)
Pyro4.config.SSL = True
Pyro4.config.SSL_SERVERCERT, Pyro4.config.SSL_SERVERKEY = "shop.crt", "shop.key"
Pyro4.config.SSL_REQUIRECLIENTCERT = True
Pyro4.config.SSL_CACERTS = str(trusted)


def common_name(connection):
    subject = connection.getpeercert()["subject"]
    return next(value for part in subject for key, value in part if key == "commonName")


class Daemon(Pyro4.Daemon):
    def validateHandshake(self, conn, data):
        name = common_name(conn)
        print("this is", name)
        if name != "ada":
            raise Pyro4.errors.SecurityError(f"nothing for {name}")
        return super().validateHandshake(conn, data)


@Pyro4.expose
class Shop:
    def order(self):
        return "on its way"


daemon = Daemon()
print("uri =", daemon.register(Shop, "example.shop"))
print("Pyro daemon running.")
daemon.requestLoop()
