"""The limits of a service."""

from __future__ import annotations

import pytest

from pyrophone.events.limits import Limits


def test_a_limit_is_at_least_one() -> None:
    with pytest.raises(ValueError, match="limit heads is 0, must be at least 1"):
        Limits(heads=0)
