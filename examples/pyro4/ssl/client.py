"""Orders something over TLS. Usage: python client.py NAME     (ada, eve, or nobody)"""

import sys

import Pyro4

Pyro4.config.SSL = True
Pyro4.config.SSL_CACERTS = "shop.crt"
if sys.argv[1] != "nobody":
    Pyro4.config.SSL_CLIENTCERT = f"{sys.argv[1]}.crt"
    Pyro4.config.SSL_CLIENTKEY = f"{sys.argv[1]}.key"

shop = Pyro4.Proxy(input("uri? ").strip())
try:
    print("the order is", shop.order())
except Pyro4.errors.CommunicationError as error:
    print("refused, with a reason:", "nothing for" in str(error))
