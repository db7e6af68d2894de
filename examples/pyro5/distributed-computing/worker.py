"""Takes work from dispatcher.py and brings results, until Ctrl-C."""

import Pyro5.api
import workitem  # noqa: F401  (registers the class)


def factorise(number):
    factors = []
    divisor = 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            factors.append(divisor)
            number //= divisor
        divisor += 1
    return [*factors, number] if number > 1 else factors


with Pyro5.api.Proxy("PYRONAME:example.distributed") as dispatcher:
    try:
        print("sizes at the start:", *dispatcher.sizes())
        while True:
            item = dispatcher.get_work(timeout=1)
            if item is not None:
                item.factors = factorise(item.number)
                print("done:", item)
                dispatcher.put_result(item)
    except KeyboardInterrupt:
        print("stopped")
