from __future__ import annotations

from pyrophone.serializers.frames import writer


def test_a_class_that_is_no_table_is_none() -> None:
    assert writer(int) is None
