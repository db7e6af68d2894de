"""soon"""

from typing import Any


def start_ns() -> Any:
    """Soon."""


def start_ns_loop() -> Any:
    """Soon."""
