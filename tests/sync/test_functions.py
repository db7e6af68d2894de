"""A function of the other side is called like any other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyrophone.sync.functions import RemoteFunction


class Caller:
    """Notes what it is asked."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def invoke(
        self, function_id: str, args: Any, kwargs: Mapping[str, Any], *, oneway: bool
    ) -> Any:
        self.seen.append((function_id, args, kwargs, oneway))
        return "done"

    def give_back(self, function: RemoteFunction) -> None:
        self.seen.append(function)


def test_a_call_goes_to_the_connection_and_brings_its_result() -> None:
    caller = Caller()
    function = RemoteFunction("7", caller)
    assert function(1, key=2) == "done"
    assert caller.seen == [("7", (1,), {"key": 2}, False)]


def test_the_oneway_variant_brings_nothing() -> None:
    caller = Caller()
    RemoteFunction("7", caller).oneway(1)
    assert caller.seen == [("7", (1,), {}, True)]


def test_it_can_be_given_back() -> None:
    caller = Caller()
    function = RemoteFunction("7", caller)
    function.release()
    assert caller.seen == [function]
