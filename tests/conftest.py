"""Hypothesis profiles, and what is under test."""

from __future__ import annotations

import os
import platform

import pytest
from hypothesis import settings

from pyrophone.cli.main import build_name

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
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"pyrophone: {build_name()}, on {python}"


def pytest_configure() -> None:
    """End the run if it is to test the compiled build, and finds the other one."""
    if os.environ.get("PYROPHONE_REQUIRE_COMPILED") and build_name() != "compiled":
        pytest.exit("the compiled build is not the one that is imported", returncode=3)
