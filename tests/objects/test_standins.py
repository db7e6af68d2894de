"""Of several daemons the one is found whose object a value is."""

from __future__ import annotations

import gc
from typing import Any

from pyrophone.objects.standins import StandIns
from pyrophone.serializers.classes import ClassTable


class Owner:
    def __init__(self, own: Any) -> None:
        self.own = own

    def find(self, value: Any) -> dict[str, Any] | None:
        return {"found": value} if value == self.own else None


def test_each_is_asked_until_one_knows_the_value() -> None:
    one, two = Owner(1), Owner(2)
    stand_ins = StandIns()
    stand_ins.add(one.find)
    stand_ins.add(two.find)
    assert stand_ins(2) == {"found": 2}
    assert stand_ins(3) is None
    stand_ins.remove(two.find)
    stand_ins.remove(two.find)
    assert stand_ins(2) is None
    assert stand_ins(1) == {"found": 1}


def test_a_class_table_has_one() -> None:
    classes = ClassTable()
    assert StandIns.of(classes) is StandIns.of(classes)
    assert classes.stand_in is StandIns.of(classes)


def test_one_that_is_dropped_is_not_asked_any_more() -> None:
    stand_ins = StandIns()
    owner = Owner(5)
    stand_ins.add(owner.find)
    assert stand_ins(5) == {"found": 5}
    del owner
    gc.collect()
    assert stand_ins(5) is None
