"""Calls over HTTP: no Pyro4 here.

Start names, `python -m Pyro4.utils.httpgateway -e Pyro`, then this.
Usage: python client.py [port of the gateway]
"""

import json
import sys
from http.client import HTTPConnection

gateway = HTTPConnection("localhost", int(sys.argv[1]) if len(sys.argv) > 1 else 8080)


def get(path, **headers):
    """Return the status of the answer and what is in it."""
    gateway.request("GET", path, headers=headers)
    answer = gateway.getresponse()
    body = answer.read()
    json_here = answer.headers.get("Content-Type", "").startswith("application/json")
    return answer.status, json.loads(body) if json_here and body else body


status, _ = get("/")
print("/", status)
status, page = get("/pyro/")
print("/pyro/", status, b"<html" in page.lower())
status, members = get("/pyro/Pyro.NameServer/$meta")
print("$meta", status, sorted(members["methods"]))
print("count", *get("/pyro/Pyro.NameServer/count"))
print("list", *get("/pyro/Pyro.NameServer/list?prefix=nothing"))
print("oneway", *get("/pyro/Pyro.NameServer/ping", **{"X-Pyro-Options": "oneway"}))
status, error = get("/pyro/Pyro.NameServer/lookup?name=nobody")
print("lookup", status, error["__class__"])
print("secret", get("/pyro/secret/open")[0])
