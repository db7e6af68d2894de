"""A client in new style: finds the thermometer by its name, and uses it."""

from __future__ import annotations

import os

from thermometer import Thermometer

from pyrophone import Settings
from pyrophone.sync import connect

settings = Settings.from_env(os.environ)  # where the name server is
thermometer = connect("lab.thermometer", Thermometer, settings=settings)

print("read() gives", thermometer.read())
print("heat(by=2.5) gives", thermometer.heat(by=2.5))
print("forecast(3) gives", list(thermometer.forecast(3)))
try:
    thermometer.heat(1000)
except ValueError as error:
    print("heat(1000) raises ValueError:", error)
