"""Groups, names, meta information and their errors (1.2)."""

import copy

import lab

import Pyro.core
import Pyro.naming


def tried(title, function, *args):
    lab.say(title + ":", lab.fault(function, *args))


def client():
    ns = Pyro.naming.NameServerLocator().getNS()
    uri = "PYRO://127.0.0.1:7766/abc"
    lab.say("proxy", type(ns).__name__, ns.ping())
    lab.say("root", sorted(ns.list(":")))
    lab.say("default", ns.list(""), ns.list(None))
    lab.say("Pyro", ns.list(":Pyro"))
    lab.say(
        "full", ns.fullName("x"), ns.fullName(":x.y"), ns.fullName(""), ns.fullName(None)
    )
    ns.createGroup(":lab")
    ns.createGroup(":lab.cold")
    ns.createGroup("near")
    ns.register(":lab.cold.one", uri)
    ns.register("two", Pyro.core.PyroURI(uri))
    ns.register("near.a/b", uri)
    lab.say("root", sorted(ns.list(":")))
    lab.say("default", sorted(ns.list("")))
    lab.say("lab", ns.list(":lab"), ns.list(":lab.cold"))
    lab.say("near", ns.list("near"))
    found = ns.resolve(":lab.cold.one")
    lab.say("resolve", type(found).__name__, found, repr(found))
    lab.say(
        "flat", [(n, str(u)) for n, u in sorted(ns.flatlist()) if n != ":Pyro.NameServer"]
    )
    tried("name taken", ns.register, "two", uri)
    tried("name of a group", ns.register, "near", uri)
    tried("group taken", ns.createGroup, ":lab")
    tried("resolve nothing", ns.resolve, ":lab.none")
    tried("unregister nothing", ns.unregister, "none")
    tried("resolve a group", ns.resolve, ":lab")
    tried("unregister a group", ns.unregister, ":lab")
    tried("no parent", ns.register, ":none.x", uri)
    tried("no parent group", ns.createGroup, ":none.x")
    tried("parent object", ns.register, "two.x", uri)
    tried("parent object of a group", ns.createGroup, "two.x")
    tried("list nothing", ns.list, ":none")
    tried("list an object", ns.list, "two")
    tried("delete nothing", ns.deleteGroup, ":none")
    tried("delete an object", ns.deleteGroup, "two")
    tried("delete the root", ns.deleteGroup, ":")
    tried("blank", ns.register, "with blank", uri)
    tried("backslash", ns.register, "back\\slash", uri)
    tried("empty part", ns.register, ":lab..x", uri)
    tried("bad uri", ns.register, "bad", "no uri")
    tried("below an object", ns.resolve, "two.x.y")
    lab.say("meta", ns.getMeta("two"), ns.getMeta(":lab"))
    ns.setMeta("two", {"unit": ["K", 1]})
    ns.setMeta(":lab", "a group")
    lab.say("meta", ns.getMeta("two"), ns.getMeta(":lab"))
    tried("no meta", ns.getMeta, "none")
    tried("set no meta", ns.setMeta, "none", 1)
    ns.unregister("two")
    ns.deleteGroup(":lab")
    lab.say("root", sorted(ns.list(":")), "default", sorted(ns.list("")))
    again = copy.copy(ns)
    lab.say("copy", type(again).__name__, again.list("near"))
    tried("deepcopy", lambda: copy.deepcopy(ns))
    lab.say(
        "any proxy", lab.fault(Pyro.core.getProxyForURI(ns.URI).resolve, ":Default.two")
    )
    Pyro.config.PYRO_NS_DEFAULTGROUP = ":Default.near"
    lab.say("other default", ns.list(""), ns.fullName("z"))
    Pyro.config.PYRO_NS_DEFAULTGROUP = "near"
    tried("default is not absolute", ns.resolve, "z")
    error = Pyro.naming.NameServerLocator
    tried("nobody", error().getNS, "localhost", lab.port())
    Pyro.config.PYRO_NS_PORT = lab.port()
    tried("nobody at all", error().getNS, "localhost")


lab.play({"client": client}, with_names=True)
