"""Three customers in the shop; the last line of this program fails, on purpose."""

import sys

import Pyro5.api
import Pyro5.errors

sys.excepthook = Pyro5.errors.excepthook

shop = Pyro5.api.Proxy("PYRONAME:example.shop")
print("prices:", sorted(shop.prices().items()))

anna, ben, carl = shop.enter("Anna"), shop.enter("Ben"), shop.enter("Carl")
anna.put("apple")
ben.put("cheese")
anna.put("bread")
carl.put("cheese")
for cart in anna, ben:
    print("\n".join(shop.pay(cart)))
    shop.leave(cart)

print("Carl tries to leave with", carl.goods(), "and without paying:")
try:
    shop.leave(carl)
except PermissionError:
    print("".join(Pyro5.errors.get_pyro_traceback()))
print("\n".join(shop.pay(carl)))
shop.leave(carl)

print("Carl has left, his cart is gone:", flush=True)
carl.put("apple")
