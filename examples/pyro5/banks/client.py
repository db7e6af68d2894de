"""Two customers try both banks of server.py."""

import Pyro5.api

names = Pyro5.api.locate_ns()
banks = [
    Pyro5.api.Proxy(uri) for _, uri in sorted(names.list(prefix="example.bank.").items())
]

for bank in banks:
    print("==", bank.name)
    for customer in ("Amy", "Ben"):
        bank.open_account(customer)
        bank.deposit(customer, 400.75)
    bank.withdraw("Ben", 100)
    print("Ben has", bank.balance("Ben"))
    try:
        bank.open_account("Ben")
    except ValueError as error:
        print("A second account:", error)
    try:
        bank.withdraw("Ben", 400)
    except ValueError as error:
        print("Too much:", error)
    try:
        bank.balance("Nobody")
    except KeyError as error:
        print("No account:", type(error).__name__, error)
    for customer, balance in bank.accounts():
        print(customer, balance)
