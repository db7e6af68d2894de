"""A configuration that a whole process shares, as programs of older Pyros know it."""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

__all__ = ["LiveConfiguration", "description", "set_up_logging"]

_PREFIX = "PYRO_"
_BOOLEANS = MappingProxyType(
    {
        **dict.fromkeys(("0", "off", "no", "false"), False),
        **dict.fromkeys(("1", "on", "yes", "true"), True),
    }
)
_FORMAT = "[%(asctime)s.%(msecs)03d,%(name)s,%(levelname)s] %(message)s"


class LiveConfiguration:
    """A closed set of items, as attributes. Values are not checked until they are used.

    A package derives from it, with the names of all items as ``__slots__``.

    Attributes:
        defaults: All items and their values. A tuple stands for a list and a frozenset
            for a set, of which each configuration gets its own.
    """

    __slots__ = ()

    defaults: ClassVar[Mapping[str, Any]] = MappingProxyType({})

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there is no configuration item {name}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.defaults:
            raise AttributeError(f"there is no configuration item {name}")
        object.__setattr__(self, name, value)

    def load(self, environ: Mapping[str, str]) -> None:
        """Set all items to their defaults, then to the variables ``PYRO_<item>``.

        Raises:
            ValueError: A variable's text can't be used for its item.
        """
        for name, value in self.defaults.items():
            setattr(self, name, _own(value))
        for name in self.defaults:
            if (text := environ.get(_PREFIX + name)) is not None:
                setattr(self, name, self.parse(name, text))

    def parse(self, name: str, text: str) -> Any:
        """Return the value of an item that a variable gives as *text*.

        Raises:
            ValueError: It can't be used.
        """
        default = self.defaults[name]
        if isinstance(default, bool):
            return self.boolean(name, text)
        if isinstance(default, (int, float)):
            try:
                return type(default)(text)
            except ValueError:
                raise _unusable(name, text, type(default)) from None
        if isinstance(default, tuple):
            return [part.strip() for part in text.split(",")]
        if isinstance(default, frozenset):
            return {part.strip() for part in text.split(",")} - {""}
        return text

    def boolean(self, name: str, text: str) -> bool:
        """Return what *text* says of an item that is on or off.

        Raises:
            ValueError: It says neither.
        """
        if text.lower() not in _BOOLEANS:
            raise _unusable(name, text, bool)
        return _BOOLEANS[text.lower()]

    def values(self) -> dict[str, Any]:
        """Return all items and their values."""
        return {name: getattr(self, name) for name in self.defaults}


def description(
    version: str, protocol: int, folder: Path, heading: str, values: Mapping[str, Any]
) -> str:
    """Return a text for people that shows a configuration.

    Args:
        version: Of the Pyro that a package stands in for.
        protocol: The version of its protocol.
        folder: Where the package is.
        heading: The line before the values.
        values: What is set.
    """
    implementation = platform.python_implementation()
    lines = [
        f"Pyro version: {version}",
        f"Loaded from: {folder}",
        f"Python version: {implementation} {platform.python_version()} "
        f"({platform.system()}, {os.name})",
        f"Protocol version: {protocol}",
        heading,
    ]
    lines += [f"{name} = {value}" for name, value in sorted(values.items())]
    return "\n".join(lines)


def set_up_logging(level: str, file: str) -> None:
    """Send log lines of *level* and above to *file*, if the program has not set up others.

    Args:
        level: Its name, in letters of any case.
        file: Where to; ``{stderr}`` or nothing is what it says.

    Raises:
        ValueError: The level is none of the names in :mod:`logging`.
        OSError: The file can't be written.
    """
    if level.upper() not in logging.getLevelNamesMapping():
        raise ValueError(f"PYRO_LOGLEVEL={level!r} is no level of the module logging")
    logging.basicConfig(
        level=level.upper(),
        filename=None if file in ("", "{stderr}") else file,
        datefmt="%Y-%m-%d %H:%M:%S",
        format=_FORMAT,
    )


def _unusable(name: str, text: str, kind: type) -> ValueError:
    return ValueError(f"{_PREFIX}{name}={text!r} is no value of type {kind.__name__}")


def _own(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return set(value) if isinstance(value, frozenset) else value
