"""A call that would wait for itself is found by the chain of those that wait for it."""

from __future__ import annotations

import pytest

from conversing import call_of
from pyrophone import URI
from pyrophone.context import CallContext, Client, serving
from pyrophone.errors import DeadlockError
from pyrophone.frontend.chains import check_call, check_connecting, check_served, shown

A_WAITS_FOR_B = "!a:1 shop.buy\nb:2 bank.pay"


def test_a_chain_is_shown_as_people_read_it() -> None:
    assert shown(A_WAITS_FOR_B) == "shop.buy at a:1 -> bank.pay at b:2"
    assert shown("", "a:1", "shop", "buy") == "shop.buy at a:1"


def test_who_runs_one_call_at_a_time_is_not_called_by_what_it_waits_for() -> None:
    with pytest.raises(
        DeadlockError,
        match=r"itself: shop.buy at a:1 -> bank.pay at b:2 -> shop.price at a:1$",
    ):
        check_call(A_WAITS_FOR_B, "a:1", "shop", "price")
    with pytest.raises(DeadlockError):
        check_call("c:3 x.y\n" + A_WAITS_FOR_B, "a:1", "shop", "price")


def test_who_waits_for_this_call_can_not_greet_meanwhile() -> None:
    uri = URI.parse("PYRO:shop@a:1")
    check_connecting(uri)  # nobody waits
    context = CallContext(Client(None, None), 1, 0, "serpent", {}, None)
    context.origin = call = call_of()
    call.path, context.place = A_WAITS_FOR_B, "c:3"
    token = serving.set(context)
    try:
        with pytest.raises(
            DeadlockError, match=r"demo\.add at c:3 -> shop\.<connect> at a:1$"
        ):
            check_connecting(uri)
        check_connecting(URI.parse("PYRO:bank@b:2"))
    finally:
        serving.reset(token)


def test_others_may_be_called_in_a_circle() -> None:
    check_call(A_WAITS_FOR_B, "b:2", "bank", "pay")
    check_call(A_WAITS_FOR_B, "a:11", "shop", "price")
    check_call("!a:11 shop.buy", "a:1", "shop", "price")
    check_call("", "a:1", "shop", "price")


def test_a_daemon_with_threads_is_called_until_the_chain_has_them_all() -> None:
    path = "b:2 bank.pay\na:1 shop.buy\nb:2 bank.pay"
    check_served(path, "b:2", "bank", "pay", 3)
    check_served(path, "c:3", "bank", "pay", 1)
    with pytest.raises(
        DeadlockError, match=r"all 2 threads wait for it: bank\.pay at b:2 ->"
    ):
        check_served(path, "b:2", "bank", "pay", 2)
