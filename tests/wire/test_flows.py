from __future__ import annotations

from pyrophone.wire.flows import MOST_CREDIT, Flow


def test_a_flow_begins_without_credit() -> None:
    flow = Flow()
    assert (flow.room, flow.unread) == (0, 0)


def test_what_was_sent_is_unread_until_its_credit_comes_back() -> None:
    flow = Flow()
    assert flow.grant(8) == 8
    assert (flow.room, flow.unread) == (8, 0)
    flow.used += 3
    assert (flow.room, flow.unread) == (5, 3)
    flow.grant(2)
    assert (flow.room, flow.unread) == (7, 1)


def test_credit_beyond_all_reason_is_not_counted() -> None:
    flow = Flow()
    assert flow.grant(MOST_CREDIT - 1) == MOST_CREDIT - 1
    assert flow.grant(0xFFFFFFFF) == 1
    assert flow.grant(0xFFFFFFFF) == 0
    assert flow.grant(-1) == 0
    flow.used += 5
    assert flow.grant(0xFFFFFFFF) == 5
    assert flow.room == MOST_CREDIT
