"""A class whose objects are called from other processes; see demo.py."""

from __future__ import annotations

from collections.abc import Iterator

from pyrophone import expose

__all__ = ["Thermometer"]


@expose
class Thermometer:
    """A thermometer in a laboratory, simulated."""

    def __init__(self) -> None:
        self._celsius = 21.5

    def read(self) -> float:
        """Return the temperature, in degrees Celsius."""
        return self._celsius

    def heat(self, by: float) -> float:
        """Make it warmer; return the new temperature.

        Raises:
            ValueError: That would be the end of the laboratory.
        """
        if self._celsius + by > 100:
            raise ValueError(f"{self._celsius + by} degrees are too many")
        self._celsius += by
        return self._celsius

    def forecast(self, hours: int) -> Iterator[float]:
        """Yield a temperature for each of the next *hours*."""
        for hour in range(1, hours + 1):
            yield self._celsius + hour / 2
