"""A client as it was written for Pyro5, unchanged; needs the package pyrophone-pyro5."""

import Pyro5.api

with Pyro5.api.Proxy("PYRONAME:lab.thermometer") as thermometer:
    print("read() gives", thermometer.read())
    print("heat(by=2.5) gives", thermometer.heat(by=2.5))
    print("forecast(3) gives", list(thermometer.forecast(3)))
    try:
        thermometer.heat(1000)
    except ValueError as error:
        print("heat(1000) raises ValueError:", error)
