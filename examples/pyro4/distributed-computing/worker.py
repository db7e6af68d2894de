"""Takes items from the desk and splits them into prime factors, until stopped."""

import Pyro4
from item import teach

teach()
desk = Pyro4.Proxy("PYRONAME:example.desk")
print("at work")


def factors(number):
    divisor = 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            yield divisor
            number //= divisor
        divisor += 1
    if number > 1:
        yield number


try:
    while True:
        if item := desk.get():
            item.factors = list(factors(item.number))
            print("done:", item.number)
            desk.done(item)
except KeyboardInterrupt:
    print("goes home")
