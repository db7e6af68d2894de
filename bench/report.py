"""Tables of what was measured, for a terminal and for a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bars import judge
from measuring import IDLE_SIDES, IMPORTS
from plan import CASES, SIDES, Case
from series import Found, Series

__all__ = ["FACTORS", "bar_lines", "case_lines", "floor_of", "number", "page_lines"]

FACTORS = {"µs": 1e6, "ms": 1e3}

# The columns of the page's tables.
_THREADS = (
    "raw",
    "ours",
    "pure",
    "multiplex",
    "pyro5",
    "pyro4",
    "rpyc",
    "managers",
    "grpc",
    "zmq",
    "xmlrpc",
)
_LOOPS = (
    "raw-asyncio",
    "ours-asyncio",
    "pure-asyncio",
    "grpc-asyncio",
    "raw-uvloop",
    "ours-uvloop",
    "grpc-uvloop",
)
_EVENTS = ("events", "pure-events", "rpyc-events", "zmq-events", "nats")


def case_lines(cases: Sequence[Case], found: Found) -> Iterator[str]:
    """Yield the lines of a table for each case, and for what else was measured."""
    line = "  {:<27} {:>11} {:>21} {:>11} {:>7}"
    for case in cases:
        measured = [side for side in case.repeats if (side, case.action) in found]
        if not measured:
            continue
        yield f"{case.title}: {case.what}"
        yield line.format(
            "", case.unit, "least–greatest", "a second", "to raw" if case.floor else ""
        ).rstrip()
        for side in measured:
            series = found[side, case.action]
            floor = found.get((floor_of(side, case), case.action))
            yield line.format(
                SIDES[side].title,
                number(series.median * FACTORS[case.unit]),
                _spread(series, FACTORS[case.unit]),
                f"{1 / series.median:,.0f}" if series.median < 0.1 else "",
                f"{series.median / floor.median:.2f}" if floor else "",
            ).rstrip()
        yield ""
    yield from _peak_lines(found)
    yield from _idle_lines(found)
    yield from _import_lines(found)


def bar_lines(found: Found) -> Iterator[str]:
    """Yield what was to be reached, beside what was."""
    verdicts = list(judge(found))
    if verdicts:
        yield "What is to be reached, as medians and their ratios"
        for verdict in verdicts:
            yield (
                f"  {verdict.what:<34} {verdict.figure:>9.2f}  {verdict.wanted:<15} "
                f"{'met' if verdict.met else 'MISSED'}"
            )
        yield ""


def page_lines(found: Found) -> Iterator[str]:
    """Yield the same as tables of Markdown: medians, and what was to be reached."""
    yield from _page_table(_THREADS, found)
    yield ""
    yield from _page_table(_LOOPS, found)
    yield ""
    yield from _page_table(_EVENTS, found)
    yield ""
    yield from _page_idle(found)
    yield ""
    yield from _page_peaks(found)
    yield ""
    yield from _page_imports(found)
    yield ""
    yield "| to be reached | figure | wanted | |"
    yield "| --- | --- | --- | --- |"
    for verdict in judge(found):
        met = "met" if verdict.met else "missed"
        yield f"| {verdict.what} | {verdict.figure:.2f} | {verdict.wanted} | {met} |"


def floor_of(side: str, case: Case) -> str:
    """Return the side that *side* is compared with: on the same kind of loop."""
    loop = SIDES[side].loop
    return f"{case.floor}-{loop}" if loop else case.floor


def number(value: float) -> str:
    """Return *value* with three digits that count, at least."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def _spread(series: Series, factor: float = 1.0) -> str:
    return f"{number(min(series.values) * factor)}–{number(max(series.values) * factor)}"


def _peak_lines(found: Found) -> Iterator[str]:
    rows = [side for side in SIDES if (side, "peak-client") in found]
    if rows:
        yield "Peak memory while the array travels, in arrays: client, server"
    for side in rows:
        ends = [found[side, f"peak-{end}"].median for end in ("client", "server")]
        yield f"  {SIDES[side].title:<27} {ends[0]:>7.2f} {ends[1]:>7.2f}"
    if rows:
        yield ""


def _idle_lines(found: Found) -> Iterator[str]:
    rows = [side for side in IDLE_SIDES if (side, "idle-refused") in found]
    if rows:
        yield "Idle connections: accepted, refused, kB each, µs of a call alone and beside"
    for side in rows:
        yield f"  {SIDES[side].title:<27} " + " ".join(
            f"{cell:>9}" for cell in _idle_cells(side, found)
        )
    if rows:
        yield ""


def _idle_cells(side: str, found: Found) -> list[str]:
    alone, beside = found[side, "idle-alone"].median, found[side, "idle-beside"].median
    size = found.get((side, "idle-kB"))
    return [
        f"{found[side, 'idle-count'].median:,.0f}",
        f"{found[side, 'idle-refused'].median:,.0f}",
        number(size.median) if size else "",
        number(alone * 1e6),
        number(beside * 1e6),
        f"{beside / alone:.2f}",
    ]


def _import_lines(found: Found) -> Iterator[str]:
    rows = [
        (f"{order}, {SIDES[side].title}", found[side, action])
        for side, action, order in IMPORTS
        if (side, action) in found
    ]
    if rows:
        yield "Importing, in ms"
    for what, series in rows:
        yield f"  {what:<41} {number(series.median * 1e3):>7} {_spread(series, 1e3):>15}"
    if rows:
        yield ""


def _page_table(columns: Sequence[str], found: Found) -> Iterator[str]:
    """Yield a table of those of *columns* that were measured."""
    cases = [
        case for case in CASES if any((side, case.action) in found for side in columns)
    ]
    sides = [
        side for side in columns if any((side, case.action) in found for case in cases)
    ]
    yield f"| | {' | '.join(SIDES[side].title for side in sides)} |"
    yield "| --- |" + " --- |" * len(sides)
    for case in cases:
        cells = []
        for side in sides:
            series = found.get((side, case.action))
            value = number(series.median * FACTORS[case.unit]) if series else ""
            ours = side.startswith(("ours", "events"))
            cells.append(f"**{value}**" if ours and value else value)
        yield f"| {case.title}, {case.unit} | {' | '.join(cells)} |"


def _page_idle(found: Found) -> Iterator[str]:
    heads = ("accepted", "refused", "kB each", "call alone, µs", "beside, µs", "times")
    yield f"| idle connections to | {' | '.join(heads)} |"
    yield "| --- |" + " --- |" * len(heads)
    for side in IDLE_SIDES:
        if (side, "idle-refused") in found:
            yield f"| {SIDES[side].title} | {' | '.join(_idle_cells(side, found))} |"


def _page_peaks(found: Found) -> Iterator[str]:
    yield "| peak memory while the array travels, in arrays | client | server |"
    yield "| --- | --- | --- |"
    for side in SIDES:
        if (side, "peak-client") in found:
            ends = [found[side, f"peak-{end}"].median for end in ("client", "server")]
            yield f"| {SIDES[side].title} | {ends[0]:.2f} | {ends[1]:.2f} |"


def _page_imports(found: Found) -> Iterator[str]:
    sides = list(dict.fromkeys(side for side, _, _ in IMPORTS))
    yield f"| ms | {' | '.join(SIDES[side].title for side in sides)} |"
    yield "| --- |" + " --- |" * len(sides)
    for action, order in {action: order for _, action, order in IMPORTS}.items():
        series = [found.get((side, action)) for side in sides]
        cells = [number(one.median * 1e3) if one else "" for one in series]
        yield f"| `{order}` | {' | '.join(cells)} |"
