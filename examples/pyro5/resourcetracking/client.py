"""Rent boats, and do not bring all of them back."""

import Pyro5.api

rental = Pyro5.api.Proxy(input("URI of the rental: ").strip())
print("rented:", rental.rented())
for name in "Swallow", "Amazon":
    rental.rent(name)
print("rented:", rental.rented())
rental.bring_back("Amazon")
print("rented:", rental.rented())
input("Press Enter to leave (or Ctrl-C, or kill me): ")
print("leaving with the Swallow")
