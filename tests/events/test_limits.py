"""The limits of a service."""

from __future__ import annotations

import pytest

from pyrophone.events.limits import Limits


def test_a_limit_is_at_least_one() -> None:
    for value in (0, 1.5, "x", None):
        text = f"limit heads is {value!r}, must be a whole number from 1 on"
        with pytest.raises(ValueError, match=text):
            Limits(heads=value)  # type: ignore[arg-type]
