"""Pictures of what was measured: bars per side, the floor as a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from plan import SIDES, Case
from report import FACTORS, floor_of, number
from series import Found

__all__ = ["PICTURES", "draw"]

# The pictures by name, and the cases in each.
PICTURES = {
    "calls": ("call", "two", "connect", "oneway", "threads"),
    "data": ("tree", "bytes", "array"),
    "many": ("batch", "stream"),
    "await": ("await", "gather"),
    "events": ("deliver", "publish"),
}

_WIDTH = 760
_LABELS = 190  # where bars begin
_LONGEST = 380  # how long they are, at most
_ROW = 20
_HEAD = 46
_LINE = 13
_BREAK = 8.0  # bars that many times as long as our shortest are cut
_COLOURS = {
    "compiled": "#1b7f79",
    "pure": "#7fc4bf",
    "before": "#b8d8d5",
    "": "#a9adb3",
}
_STYLE = (
    "text{font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;"
    "font-size:12px;fill:#22262b}.title{font-size:14px;font-weight:600}"
    ".note{fill:#6a7077;font-size:11px}.ours{font-weight:600}"
)


def draw(cases: Sequence[Case], found: Found) -> str:
    """Return an SVG with a panel for each of *cases*; empty if none was measured."""
    panels: list[str] = []
    top = 12
    for case in cases:
        sides = _in_order(case, found)
        if sides:
            panels += _panel(case, sides, found, top)
            floors = len(_beneath(case, found))
            top += _HEAD + _ROW * len(sides) + 22 + _LINE * max(0, floors - 1)
    if not panels:
        return ""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" '
            f'width="{_WIDTH}" height="{top}" role="img">',
            f"<style>{_STYLE}</style>",
            f'<rect width="{_WIDTH}" height="{top}" fill="#ffffff"/>',
            *panels,
            "</svg>\n",
        ]
    )


def _in_order(case: Case, found: Found) -> list[str]:
    """Return who did it, without the floors, the fastest first."""
    floors = {floor_of(side, case) for side in case.repeats} if case.floor else set()
    there = [
        side for side in case.repeats if (side, case.action) in found and side not in floors
    ]
    return sorted(there, key=lambda side: found[side, case.action].median)


def _panel(case: Case, sides: list[str], found: Found, top: int) -> Iterator[str]:
    factor = FACTORS[case.unit]
    medians = {side: found[side, case.action].median * factor for side in sides}
    longest = max(medians.values())
    ours = [value for side, value in medians.items() if SIDES[side].build]
    if ours:
        longest = min(longest, max(*ours, min(ours) * _BREAK))
    scale = _LONGEST / (longest or 1.0)
    title = f"{case.title}, {case.unit}"
    yield f'<text class="title" x="12" y="{top + 14}">{escape(title)}</text>'
    yield f'<text class="note" x="12" y="{top + 30}">{escape(case.what)}</text>'
    top += _HEAD
    for row, side in enumerate(sides):
        values = [value * factor for value in found[side, case.action].values]
        spread = min(values), max(values)
        yield from _bar(side, medians[side], spread, top + row * _ROW, scale)
    yield from _floors(case, found, top, _ROW * len(sides), scale)


def _bar(
    side: str, middle: float, spread: tuple[float, float], top: int, scale: float
) -> Iterator[str]:
    """Yield a bar, its name and figure, and a line from the least to the greatest."""
    colour = _COLOURS[SIDES[side].build]
    kind = ' class="ours"' if SIDES[side].build == "compiled" else ""
    length = min(middle * scale, _LONGEST)
    base = top + 13
    yield (
        f'<text{kind} x="{_LABELS - 8}" y="{base}" text-anchor="end">'
        f"{escape(SIDES[side].title)}</text>"
    )
    yield (
        f'<rect x="{_LABELS}" y="{top + 2}" width="{length:.1f}" height="{_ROW - 5}" '
        f'fill="{colour}"/>'
    )
    end = length
    if middle * scale > _LONGEST + 0.5:  # torn
        at = _LABELS + _LONGEST * 0.9
        yield (
            f'<path d="M{at:.0f} {top} l4 {_ROW / 2 - 0.5} l-4 {_ROW / 2 - 0.5} h6 '
            f'l4 {-_ROW / 2 + 0.5} l-4 {-_ROW / 2 + 0.5} z" fill="#ffffff"/>'
        )
    else:
        low, high = (min(value * scale, _LONGEST + 20) for value in spread)
        end = max(end, high)
        yield (
            f'<path d="M{_LABELS + low:.1f} {top + _ROW / 2 - 0.5:.1f} '
            f'H{_LABELS + high:.1f}" stroke="#22262b" stroke-width="1"/>'
        )
    text = f"{number(middle)}"
    note = f"{number(spread[0])}–{number(spread[1])}"
    yield (
        f'<text{kind} x="{_LABELS + end + 6:.1f}" y="{base}">{text}'
        f'<tspan class="note" dx="6">{note}</tspan></text>'
    )


def _floors(case: Case, found: Found, top: int, height: int, scale: float) -> Iterator[str]:
    """Yield a line, and its figure, for what is beneath."""
    for place, side in enumerate(_beneath(case, found)):
        value = found[side, case.action].median * FACTORS[case.unit]
        x = _LABELS + min(value * scale, _LONGEST)
        yield (
            f'<path d="M{x:.1f} {top - 3} V{top + height + 4 + _LINE * place}" '
            'stroke="#b3261e" stroke-width="1.5" stroke-dasharray="4 3"/>'
        )
        yield (
            f'<text class="note" x="{x + 4:.1f}" y="{top + height + 13 + _LINE * place}">'
            f"{escape(SIDES[side].title)} {number(value)}</text>"
        )


def _beneath(case: Case, found: Found) -> list[str]:
    """Return the floors that were measured, the slowest first."""
    floors = {floor_of(side, case) for side in case.repeats} if case.floor else set()
    there = [side for side in floors if (side, case.action) in found]
    return sorted(there, key=lambda side: -found[side, case.action].median)
