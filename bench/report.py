"""Tables of what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from plan import SIDES, Case, Target

__all__ = ["Series", "print_case", "print_targets"]


@dataclass
class Series:
    """The times of one action on one side, in seconds per repetition, one per round."""

    side: str
    action: str
    repeat: int
    times: list[float] = field(default_factory=list)


# The series by side and action.
Found = Mapping[tuple[str, str], Series]


def print_case(case: Case, found: Found) -> None:
    """Print a line for each side that did it: medians, spreads, ratios."""
    measured = [side for side in case.repeats if (side, case.action) in found]
    if not measured:
        return
    print(case.what)
    line = "  {:<15} {:>11} {:>19} {:>11} {:>9}"
    print(line.format("", "µs", "least–greatest", "a second", case.floor and "to raw"))
    for side in measured:
        times = found[side, case.action].times
        middle = median(times)
        floor = found.get((floor_of(side, case), case.action))
        print(
            line.format(
                SIDES[side].title,
                f"{middle * 1e6:,.2f}",
                f"{min(times) * 1e6:,.2f}–{max(times) * 1e6:,.2f}",
                f"{1 / middle:,.0f}",
                f"{middle / median(floor.times):.2f}" if floor else "",
            ).rstrip()
        )
    print()


def floor_of(side: str, case: Case) -> str:
    """Return the side that *side* is compared with: on the same kind of loop."""
    loop = SIDES[side].loop
    return f"{case.floor}-{loop}" if loop else case.floor


def print_targets(targets: Sequence[Target], found: Found) -> None:
    """Print what was to be reached, beside what was."""
    print("targets, as ratios of medians")
    for target in targets:
        above, below = found.get(target.above), found.get(target.below)
        if above is None or below is None:
            continue
        ratio = median(above.times) / median(below.times)
        if target.at_most is not None:
            wanted, met = f"at most {target.at_most:g}", ratio <= target.at_most
        else:
            assert target.at_least is not None
            wanted, met = f"at least {target.at_least:g}", ratio >= target.at_least
        print(f"  {target.what:<45} {ratio:>8.2f}  {wanted}{'' if met else ': MISSED'}")
