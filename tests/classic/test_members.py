"""Properties are used by hand only as the rule says."""

from __future__ import annotations

from typing import Any

import pytest

from pyrophone.classic.members import read_property, write_property

REFUSED = r"^attempt to access unexposed or unknown remote attribute '{}'$"


class Lamp:
    """Has a property of each kind."""

    color = "red"

    def __init__(self) -> None:
        self.level = 1

    @property
    def brightness(self) -> int:
        """Can be read and written."""
        return self.level

    @brightness.setter
    def brightness(self, level: int) -> str:
        self.level = level
        return "set"

    @property
    def fixed(self) -> int:
        """Can be read."""
        return 5

    def _write(self, level: int) -> None:
        self.level = level

    dark = property(None, _write)


def anything(name: str, member: property) -> bool:
    """Allow all."""
    return True


def test_properties_are_read_and_written() -> None:
    lamp = Lamp()
    assert write_property(lamp, "brightness", 7, anything) == "set"
    assert read_property(lamp, "brightness", anything) == 7
    write_property(lamp, "dark", 0, anything)
    assert lamp.level == 0


@pytest.mark.parametrize("name", ["color", "_write", "dark"])
def test_what_is_no_property_that_can_be_read_is_refused(name: str) -> None:
    with pytest.raises(AttributeError, match=REFUSED.format(name)):
        read_property(Lamp(), name, anything)


@pytest.mark.parametrize("name", ["color", "_write", "fixed"])
def test_what_is_no_property_that_can_be_written_is_refused(name: str) -> None:
    with pytest.raises(AttributeError, match=REFUSED.format(name)):
        write_property(Lamp(), name, 1, anything)


def test_the_rule_hears_of_name_and_property_and_decides() -> None:
    heard: list[Any] = []

    def nothing(name: str, member: property) -> bool:
        heard.append((name, member))
        return False

    with pytest.raises(AttributeError, match=REFUSED.format("fixed")):
        read_property(Lamp(), "fixed", nothing)
    with pytest.raises(AttributeError, match=REFUSED.format("dark")):
        write_property(Lamp(), "dark", 1, nothing)
    assert heard == [("fixed", Lamp.fixed), ("dark", Lamp.dark)]
