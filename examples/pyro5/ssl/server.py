"""A server that speaks TLS, and wants a certificate of its clients, too.

Each in a terminal of its own:

    python make_certificates.py
    python server.py
    python client.py        (paste the URI)
"""

import Pyro5.api
import Pyro5.errors

Pyro5.config.SSL = True
Pyro5.config.SSL_SERVERCERT = "server_cert.pem"
Pyro5.config.SSL_SERVERKEY = "server_key.pem"
Pyro5.config.SSL_REQUIRECLIENTCERT = True
Pyro5.config.SSL_CACERTS = "client_cert.pem"  # whose certificates are good


class CarefulDaemon(Pyro5.api.Daemon):
    def validateHandshake(self, conn, data):
        """Look who it is; TLS has made sure only that the certificate is a good one."""
        certificate = conn.getpeercert()
        subject = dict(pair for part in certificate["subject"] for pair in part)
        if subject["commonName"] != "the client":
            raise Pyro5.errors.SecurityError("I do not know you")
        print("connected with", subject["commonName"], flush=True)
        return super().validateHandshake(conn, data)


@Pyro5.api.expose
class Safe:
    def content(self):
        return "a gold coin"


Pyro5.api.serve({Safe: "example.safe"}, daemon=CarefulDaemon(), use_ns=False)
