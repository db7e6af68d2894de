"""Take results of server.py one by one: python client.py [seconds between slow ones]"""

import sys

import Pyro5.api
import Pyro5.errors

pause = float(sys.argv[1]) if len(sys.argv) > 1 else 0.5

with Pyro5.api.Proxy(input("URI of the counter: ").strip()) as counter:
    print("list:", counter.as_list(5))
    print("iterator:", list(counter.as_iterator(5)))
    print("property:", list(counter.squares))

    print("generator:", end=" ")
    for value in counter.as_generator(5):
        print(value, end=" ")
    print("\nslow generator:", end=" ")
    for value in counter.slowly(5, pause):
        print(value, end=" ", flush=True)

    pairs = zip(counter.as_iterator(5), counter.squares, strict=True)
    print("\ntwo streams at the same time:", list(pairs))

    stream = counter.as_generator(1_000_000)
    print("only the first two of a million:", next(stream), next(stream))
    stream.close()  # or just forget it
    try:
        next(stream)
    except StopIteration:
        print("it is closed")
    except Pyro5.errors.PyroError as error:
        print("it is closed:", error)

    print("failing:", end=" ")
    try:
        for value in counter.failing(3):
            print(value, end=" ")
    except ValueError as error:
        print("ValueError:", error)
