"""Points the telescope."""

import Pyro.core
import Pyro.naming

Pyro.core.initClient(banner=0)
ns = Pyro.naming.NameServerLocator().getNS()
print("names:", ns.list(":Default"))

uri = ns.resolve("telescope")
telescope = Pyro.core.getProxyForURI(uri)
print("it looked at", telescope.point(180, 45))
print("it looked at", telescope.point(azimuth=185, altitude=46))

# Whoever asks, there is one telescope.
another = uri.getProxy()
print("now it looks at", another.where(), "after", another.howOften(), "moves")
print("the same object:", another == telescope)
