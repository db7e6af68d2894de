"""Shows the active configuration: ``python -m Pyro.configuration``."""

from __future__ import annotations

from . import config
from .constants import VERSION
from .errors import PyroError
from .items import DEFAULTS, Config, read_file

__all__ = ["Config", "main"]


def main() -> None:
    """Print the version, a check of the configuration file, and the active values."""
    print("Pyro version:", VERSION)
    if config.PYRO_CONFIG_FILE:
        _check(config.PYRO_CONFIG_FILE)
    print("Active configuration settings:")
    for name, value in config.items():
        print(f"{name}={value}")


def _check(path: str) -> None:
    print("Configuration file:", path)
    try:
        found = read_file(path)
    except (PyroError, ValueError, KeyError) as error:
        print("It can't be used:", error)
        return
    missing = sorted(DEFAULTS.keys() - found.keys())
    print(
        "Items that are not in it, and have their defaults:", ", ".join(missing) or "none"
    )


if __name__ == "__main__":
    main()
