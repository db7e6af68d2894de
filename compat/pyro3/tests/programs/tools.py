"""The tools of the command line, and each line that they print (2.1 to 2.4, 2.8)."""

import os
import re

import lab

GUID = re.compile("[0-9a-f]{32,}")


def tool(*args):
    lines, status = lab.output("Pyro.nsc", *args)
    lab.say("$", *args)
    for line in lines:
        line = GUID.sub("<guid>", line).replace(os.environ["PYRO_NS_PORT"], "<port>")
        lab.say(" ", re.sub(r"\([^()]*\) port", "(<host>) port", line).rstrip())
    lab.say(" ", "=", "failed" if status else "fine")


def client():
    server = lab.names()
    for line in server.lines:
        line = GUID.sub("<guid>", line).replace(os.environ["PYRO_NS_PORT"], "<port>")
        lab.say("ns:", line.replace(lab.FOLDER, "<folder>"))
    with open(lab.path("Pyro_NS_URI")) as file:
        text = file.read()
    lab.say("file", "URI is: " + text.rstrip("\n") in server.lines, text.count("\n"))
    tool("ping")
    uri = "PYRO://127.0.0.1:7766/abc"
    tool("creategroup", ":lab", ":lab.cold", ":lab")
    tool("register", ":lab.one", uri)
    tool("register", "two", uri)
    tool("register", "two", uri)
    tool("register", "three", "nonsense")
    tool("register", "three")
    tool("list")
    tool("list", ":", ":lab", ":none", "two")
    tool("listall")
    tool("resolve", "two", ":lab.one", "three", ":lab")
    tool("resolve")
    tool("setmeta", "two", "some text")
    tool("setmeta", "two")
    tool("setmeta", "three", "text")
    tool("remove", "two", "three", ":lab")
    tool("deletegroup", ":lab.cold", ":lab.cold", ":")
    tool("resync")
    lines, status = lab.output("Pyro.nsc", "showmeta", ":lab.one")
    lab.say(status, lines[2], lines[3].startswith("system meta info : [type=1 timestamp="))
    lab.say(lines[4])
    lines, status = lab.output("Pyro.nsc")
    lab.say("usage", "sage" in "".join(lines), bool(status))
    lines, status = lab.output(
        "Pyro.nsc", "-h", "localhost", "-p", os.environ["PYRO_NS_PORT"], "-z", "ping"
    )
    lab.say(lines[0], lines[-1], status)
    tool("shutdown")
    lab.say("status", server.end(), server.lines[-1])
    gone = lab.output("Pyro.nsc", "ping")
    lab.say("gone", gone[0][-1], bool(gone[1]))
    keeper = lab.names("-k")
    tool("shutdown")
    lab.say("still", lab.output("Pyro.nsc", "ping")[0][-1])
    lab.say("interrupted", keeper.interrupt(), keeper.lines[-2:])
    lab.say(lab.output("Pyro.configuration")[0][0].startswith("Pyro version: "))


lab.play({"client": client})
