"""What name servers as services have in common."""

from __future__ import annotations

import pytest

from pyrophone.naming import AsyncNameService, NameService
from pyrophone.naming.service import BaseNameService


def test_a_base_serves_nothing() -> None:
    with pytest.raises(NotImplementedError):
        BaseNameService("localhost", 0)


@pytest.mark.parametrize("kind", [NameService, AsyncNameService])
def test_both_kinds_take_the_same(kind: type[BaseNameService]) -> None:
    with pytest.raises(ValueError, match="sweep is 0"):
        kind("localhost", 0, sweep=0)
