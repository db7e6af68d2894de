"""Call server.py or abstract_namespace_server.py."""

import Pyro5.api

uri = (
    input("URI of the radio: ").strip().replace("u:@", "u:\0")
)  # "@" as ss and lsof write it
with Pyro5.api.Proxy(uri) as radio:
    print("answer:", radio.send("hello, hello"))
    print("connected by:", radio._pyroConnection.family())
