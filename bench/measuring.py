"""Measuring: rounds of orders to the sides in turn, and what needs other processes."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from driver import ARRAY_BYTES, BATCH
from plan import SIDES, Case, Side
from processes import ask, forget_peak, memory, running
from series import Series

__all__ = ["IDLE_SIDES", "IMPORTS", "Lab"]

Process = subprocess.Popen[str]

# Sides whose daemons are asked to hold many connections, with the call beside them.
IDLE_SIDES = {
    "ours": "call",
    "pure": "call",
    "multiplex": "call",
    "ours-asyncio": "await",
    "pyro5-multiplex": "call",
}
IDLE_CALLS = 200
SPARE_FILES = 100  # that a process has open, besides connections

# What is imported, on which sides, under which action.
IMPORTS = [
    *((side, "import", "import Pyro5.api") for side in ("pyro5", "ours", "pure")),
    *(
        (side, "import-all", "from Pyro5.api import *")
        for side in ("pyro5", "ours", "pure")
    ),
    *((side, "import-sync", "import pyrophone.sync") for side in ("ours", "pure")),
]
_TIMED = "from time import *; s = perf_counter(); {}; print(perf_counter() - s)"


@dataclass
class Lab:
    """Measures, and notes what it finds.

    Attributes:
        paths: The ``PYTHONPATH`` for each build of ours.
        say: Is told, in a line each, what could not be measured, and what is going on.
        found: The series by side and action.
        sides: What each side said that it is.
    """

    paths: Mapping[str, str]
    say: Callable[[str], object]
    found: dict[tuple[str, str], Series] = field(default_factory=dict)
    sides: dict[str, str] = field(default_factory=dict)

    def note(self, side: str, action: str, value: float) -> None:
        """Add one figure."""
        self.found.setdefault((side, action), Series(side, action)).values.append(value)

    def run_cases(
        self, cases: Sequence[Case], sides: Sequence[str], rounds: int, divisor: int
    ) -> None:
        """Measure *cases*, in seconds per repetition, in turn, after a warm-up.

        Args:
            cases: What to do.
            sides: Who is there.
            rounds: How often.
            divisor: By how much less each is repeated.
        """
        lost: set[tuple[str, str]] = set()
        with ExitStack() as stack:
            clients = self._start(stack, cases, sides)
            for number in range(rounds + 1):
                for case in cases:
                    if number > case.most_rounds:
                        continue
                    for side in case.repeats:
                        if side in clients and (side, case.action) not in lost:
                            seconds = self._measure(clients[side], side, case, divisor)
                            if seconds is None:
                                lost.add((side, case.action))
                            elif number > 0:
                                self.note(side, case.action, seconds)
                self.say(f"round {number} of {rounds}" if number else "warmed up")

    def weigh_array(self, case: Case, sides: Sequence[str]) -> None:
        """Note the peak memory of both ends while the array travels, in arrays.

        What both need without it, when they have done the same before, is not counted.
        """
        for name in case.repeats:
            if name not in sides or (name, case.action) not in self.found:
                continue
            with ExitStack() as stack:
                (client,), server = self._start_side(stack, name, 1)
                ask(client, "array 1")
                ask(client, "call 10")  # the array may be let go behind its answer
                before = [memory(one) for one in (client, server)]
                for one in (client, server):
                    forget_peak(one)
                ask(client, "array 1")
                after = [memory(one, peak=True) for one in (client, server)]
            for end, low, high in zip(("client", "server"), before, after, strict=True):
                if low is not None and high is not None:
                    self.note(name, f"peak-{end}", (high - low) / ARRAY_BYTES)

    def hold_idle(self, sides: Sequence[str], count: int, rounds: int) -> None:
        """Note what *count* idle connections cost a daemon.

        ``idle-count`` is how many were accepted, ``idle-refused`` how many were not;
        ``idle-kB`` is what each adds to the daemon's memory, ``idle-alone`` and
        ``idle-beside`` are the seconds of a call.
        """
        count = _allow_files(count, self.say)
        for name, action in IDLE_SIDES.items():
            if name in sides:
                self.say(f"{count:,} connections to {SIDES[name].title}")
                self._hold(name, f"{action} {IDLE_CALLS}", count, rounds)

    def time_imports(self, sides: Sequence[str], rounds: int) -> None:
        """Note how many seconds it takes to import things into a fresh interpreter."""
        wanted = [one for one in IMPORTS if one[0] in sides]
        for number in range(rounds + 1):
            for name, action, order in [*wanted]:
                side = SIDES[name]
                result = subprocess.run(
                    [str(side.python), "-c", _TIMED.format(order)],
                    capture_output=True,
                    text=True,
                    env={**os.environ, **self._variables(side)},
                )
                if result.returncode:
                    self.say(f"{side.title} could not: {order}")
                    wanted.remove((name, action, order))
                elif number > 0:
                    self.note(name, action, float(result.stdout))

    def _measure(
        self, clients: Sequence[Process], side: str, case: Case, divisor: int
    ) -> float | None:
        """Return the seconds of one repetition, None if *side* can't do it."""
        action = "call" if case.action == "two" else case.action
        count = max(case.repeats[side] // divisor, 1)
        if action == "batch":
            count = max(count // BATCH, 1) * BATCH
        answers = _ask_all(clients[: case.clients], action, count)
        try:
            return sum(map(float, answers)) / len(answers) / count
        except ValueError:
            self.say(f"{SIDES[side].title} could not: {case.title}: {answers[0]}")
            return None

    def _hold(self, name: str, order: str, count: int, rounds: int) -> None:
        with ExitStack() as stack:
            (client,), server = self._start_side(stack, name, 1)

            def call(action: str) -> None:
                for number in range(rounds + 1):
                    seconds = float(ask(client, order))
                    if number > 0:
                        self.note(name, action, seconds / IDLE_CALLS)

            call("idle-alone")
            before = memory(server)
            pure = SIDES["pure"]
            holder = running(
                pure.python,
                "idle_clients",
                self._address,
                str(count),
                variables=self._variables(pure),
            )
            with holder as clients:
                accepted, refused = map(int, ask(clients).split())
                after = memory(server)
                call("idle-beside")
            call("idle-alone")
        self.note(name, "idle-count", accepted)
        self.note(name, "idle-refused", refused)
        if before is not None and after is not None and accepted:
            self.note(name, "idle-kB", (after - before) / accepted / 1024)

    def _start(
        self, stack: ExitStack, cases: Sequence[Case], sides: Sequence[str]
    ) -> dict[str, list[Process]]:
        """Start what *cases* need; return the clients of each side."""
        most: dict[str, int] = {}
        for case in cases:
            for side in case.repeats:
                if side in sides:
                    most[side] = max(most.get(side, 0), case.clients)
        return {
            side: self._start_side(stack, side, count)[0] for side, count in most.items()
        }

    def _start_side(
        self, stack: ExitStack, name: str, count: int
    ) -> tuple[list[Process], Process]:
        """Start the server and the clients of a side."""
        side = SIDES[name]
        variant = [side.variant] if side.variant else []
        script = f"side_{side.script}"
        variables = self._variables(side)
        server = stack.enter_context(
            running(side.python, script, "serve", *variant, variables=variables)
        )
        self._address = ask(server)
        clients = []
        for _ in range(count):
            client = running(
                side.python, script, "measure", self._address, *variant, variables=variables
            )
            clients.append(stack.enter_context(client))
            self.sides[name] = ask(clients[-1])
        return clients, server

    def _variables(self, side: Side) -> dict[str, str]:
        return {"PYTHONPATH": self.paths[side.build]} if side.build in self.paths else {}


def _ask_all(processes: Sequence[Process], action: str, count: int) -> list[str]:
    """Give all the same order, and only then wait for what they answer."""
    for process in processes:
        assert process.stdin is not None
        print(action, count, file=process.stdin, flush=True)
    return [ask(process) for process in processes]


def _allow_files(count: int, say: Callable[[str], object]) -> int:
    """Return how many of *count* connections this system lets a process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + SPARE_FILES
    if soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            wanted = hard
            say(f"this system allows {hard:,} open files to a process (ulimit -Hn): fewer")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted - SPARE_FILES if wanted < count + SPARE_FILES else count
