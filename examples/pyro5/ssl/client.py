"""Call server.py over TLS: python client.py [client, stranger or nobody]"""

import sys

import Pyro5.api
import Pyro5.errors

me = sys.argv[1] if len(sys.argv) > 1 else "client"
Pyro5.config.SSL = True
Pyro5.config.SSL_CACERTS = "server_cert.pem"  # whose certificates are good
if me != "nobody":
    Pyro5.config.SSL_CLIENTCERT = f"{me}_cert.pem"
    Pyro5.config.SSL_CLIENTKEY = f"{me}_key.pem"


class CarefulProxy(Pyro5.api.Proxy):
    def _pyroValidateHandshake(self, response):
        """Look who it is; TLS has made sure that the certificate is for this address."""
        certificate = self._pyroConnection.getpeercert()
        subject = dict(pair for part in certificate["subject"] for pair in part)
        if subject["commonName"] != "the server":
            raise Pyro5.errors.SecurityError("this is not my server")
        print("connected with", subject["commonName"])


with CarefulProxy(input("URI of the safe: ").strip()) as safe:
    try:
        print("in the safe is", safe.content())
    except Pyro5.errors.CommunicationError:
        print("not let in")
