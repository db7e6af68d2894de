"""Hypothesis profiles, and what is under test."""

from __future__ import annotations

import importlib.util
import os
import platform

from hypothesis import settings

settings.register_profile("default", deadline=None, max_examples=50)
# The guard of main gives the same answer for the same code; the others go on searching.
settings.register_profile("ci", deadline=None, max_examples=50, derandomize=True)
settings.register_profile("long", deadline=None, max_examples=2_000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "default")
)

# The programs that tests start are not measured: it costs each of them 0.2 s, and what it
# shows of the rows under the bar, tests inside the process show as well.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)


def pytest_report_header() -> str:
    """Say which build of the library is under test."""
    framing = importlib.util.find_spec("pyrophone.wire.framing")
    pure = framing is None or str(framing.origin).endswith(".py")
    build = "pure Python" if pure else "compiled"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"pyrophone: {build}, on {python}"
