"""Many rounds of what callers, answerers, clocks and networks do, against two sessions.

Each round is one random move. By default a part is run; all of it by
``ROUNDS=100000 pytest tests/test_rounds.py``.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from rounds import OUTCOMES, World

ROUNDS = int(os.environ.get("ROUNDS", "4000"))
ROUNDS_OF_A_WORLD = 400


@pytest.mark.slow
def test_whatever_happens_each_call_has_one_outcome_and_no_number_is_lost() -> None:
    outcomes: Counter[str] = Counter()
    for seed in range(ROUNDS // ROUNDS_OF_A_WORLD):
        world = World(seed)
        world.run(ROUNDS_OF_A_WORLD, cut=seed % 4 == 3)
        outcomes.update(question.outcome for question in world.questions)
        outcomes["items"] += sum(question.items for question in world.questions)
    # Nothing is proved by rounds in which it did not happen.
    assert outcomes.keys() == {*OUTCOMES, "items"}
    assert min(outcomes.values()) > ROUNDS // 400
