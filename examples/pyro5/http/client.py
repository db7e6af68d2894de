"""Call Pyro objects over HTTP: all it takes is to fetch a URL and to read JSON.

Each in a terminal of its own:

    python -m Pyro5.nameserver
    python -m Pyro5.utils.echoserver --naming
    python -m Pyro5.utils.httpgateway --expose "Pyro\\.|test\\."
        python client.py [address of the gateway] [--slow]        (client.js is alike)
"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request

addresses = [argument for argument in sys.argv[1:] if argument != "--slow"]
BASE = addresses[0] if addresses else "http://localhost:8080"
SLOW = "--slow" in sys.argv  # wait for a method that takes five seconds, too


def call(name, member, /, options="", **parameters):
    """Return the result of a method, or the value of an attribute."""
    query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
    request = urllib.request.Request(
        f"{BASE}/pyro/{name}/{member}{query}", headers={"X-Pyro-Options": options}
    )
    with urllib.request.urlopen(request) as response:
        body = response.read()
    return json.loads(body) if body else None


print("META", sorted(call("Pyro.NameServer", "$meta")["methods"]))
print("LIST", sorted(call("Pyro.NameServer", "list")))
print("LIST test.", sorted(call("Pyro.NameServer", "list", prefix="test.")))
echo = call("Pyro.NameServer", "lookup", name="test.echoserver")
print("LOOKUP", echo["__class__"], echo["state"][:2])
print("ECHO", call("test.echoserver", "echo", message="hello, web"))
print("ATTRIBUTE verbose", call("test.echoserver", "verbose"))
print("ONEWAY", call("test.echoserver", "slow", options="oneway"))
if SLOW:
    print("SLOW", call("test.echoserver", "slow"))
try:
    call("test.echoserver", "error_with_text")
except urllib.error.HTTPError as error:
    details = json.loads(error.read())
    print("ERROR", error.code, details["__class__"], details["args"])
try:
    call("secret.object", "open")
except urllib.error.HTTPError as error:
    print("ERROR", error.code, error.read().decode())
