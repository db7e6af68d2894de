from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pyrophone.events.losses import Losses

A, B = "a" * 16, "b" * 16


def test_events_in_order_are_no_loss_and_repeated_ones_are_told() -> None:
    losses = Losses()
    assert [losses.take(A, "t", number) for number in (1, 2, 2, 1, 3)] == [
        0,
        0,
        None,
        None,
        0,
    ]
    assert losses.missed == 0


def test_a_gap_is_a_loss_of_its_publisher_and_topic() -> None:
    losses = Losses()
    assert losses.take(A, "t", 1) == 0
    assert losses.take(B, "t", 1) == 0
    assert losses.take(A, "u", 1) == 0
    assert losses.take(A, "t", 5) == 3
    assert losses.take(B, "t", 2) == 0
    assert losses.missed == 3


def test_the_first_event_of_a_publisher_leaves_no_gap() -> None:
    losses = Losses()
    assert losses.take(A, "t", 41) == 0
    assert losses.take(A, "t", 43) == 1


def test_a_head_tells_of_losses_that_no_event_shows() -> None:
    losses = Losses()
    losses.take(A, "t", 1)
    assert losses.head(A, "t", 4, 0) == 3
    assert losses.head(A, "t", 4, 0) == 0
    assert losses.head(A, "t", 2, 0) == 0
    assert losses.missed == 3
    assert losses.take(B, "t", 1) == 3  # told with the next event, once
    assert losses.take(A, "t", 5) == 0
    assert losses.take(A, "t", 4) is None


def test_of_who_was_unknown_it_counts_from_the_base_of_the_head() -> None:
    losses = Losses()
    assert losses.head(A, "t", 7, 7) == 0
    assert losses.take(A, "t", 9) == 1
    assert losses.head(B, "t", 7, 5) == 2
    assert losses.take(B, "t", 8) == 2
    assert losses.missed == 3


def test_what_was_before_the_beginning_is_no_loss() -> None:
    losses = Losses()
    assert losses.take(A, "t", 3) == 0  # the value that was kept
    losses.begin(A, "t", 5)
    losses.begin(A, "t", 4)
    losses.begin(A, "u", 0)
    assert losses.missed == 0
    assert losses.take(A, "t", 7) == 1
    assert losses.take(A, "u", 2) == 1


def test_it_tells_how_far_each_has_come() -> None:
    losses = Losses()
    losses.take(A, "t", 1)
    losses.take(B, "t", 5)
    losses.take(A, "t", 2)
    losses.head(A, "u", 3, 3)
    assert losses.heads() == [(B, "t", 5), (A, "t", 2), (A, "u", 3)]


def test_only_the_newest_are_remembered() -> None:
    losses = Losses(limit=2)
    for number, topic in enumerate("tuv", 1):
        losses.take(A, topic, number)
    losses.take(A, "u", 3)
    losses.take(A, "w", 1)
    assert losses.heads() == [(A, "u", 3), (A, "w", 1)]


PAIRS = [(A, "t"), (A, "u"), (B, "t")]


@given(st.data())
def test_what_comes_and_what_is_missed_is_all_that_was_published(
    data: st.DataObject,
) -> None:
    losses = Losses()
    numbers = dict.fromkeys(PAIRS, 0)
    for pair in PAIRS:
        losses.begin(*pair, 0)
    came: list[tuple[str, str, int]] = []
    told = 0
    for pair in data.draw(st.lists(st.sampled_from(PAIRS), max_size=40)):
        if data.draw(st.booleans()):
            losses.head(*pair, numbers[pair], 0)
        numbers[pair] += 1
        for _ in range(data.draw(st.integers(0, 2))):
            gap = losses.take(*pair, numbers[pair])
            if gap is not None:
                came.append((*pair, numbers[pair]))
                told += gap
    untold = losses.missed - told
    lost_at_the_end = sum(losses.head(*pair, last, 0) for pair, last in numbers.items())
    assert len(came) == len(set(came))
    for pair in PAIRS:
        mine = [number for *one, number in came if tuple(one) == pair]
        assert mine == sorted(mine)
    assert len(came) + losses.missed == sum(numbers.values())
    assert told + untold + lost_at_the_end == losses.missed
    assert sorted(losses.heads()) == sorted((*pair, numbers[pair]) for pair in PAIRS)
