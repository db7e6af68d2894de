"""Two customers with a cart each."""

import Pyro4

shop = Pyro4.Proxy("PYRONAME:example.shop")
mia, tom = shop.enter("Mia"), shop.enter("Tom")
print("different carts:", mia != tom, shop.carts())
mia.put("milk", 2)
mia.put("cheese", 7)
tom.put("tea", 3)
print("totals:", mia.total, tom.total)
print("change for Tom:", shop.pay("Tom", 10))
try:
    shop.pay("Mia", 5)
except ValueError as error:
    print(error)
print("change for Mia:", shop.pay("Mia", 10), "carts left:", shop.carts())
try:
    mia.put("bread", 3)
except Pyro4.errors.DaemonError:
    print("the cart is gone")
