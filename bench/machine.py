"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from pathlib import Path

__all__ = ["describe_machine"]


def describe_machine() -> dict[str, str]:
    """Return processor, cores, memory, system and Python, as far as they are known."""
    facts = {
        "processor": _field(Path("/proc/cpuinfo"), "model name") or platform.machine(),
        "cores": str(os.cpu_count()),
    }
    if size := _field(Path("/proc/meminfo"), "MemTotal"):
        facts["memory"] = f"{int(size.split()[0]) / 2**20:.0f} GiB"
    facts["system"] = f"{platform.system()} {platform.release().split('-')[0]}"
    facts["python"] = f"{platform.python_implementation()} {platform.python_version()}"
    return facts


def _field(path: Path, name: str) -> str:
    """Return what stands behind *name* in a file of the Linux kernel, if anything."""
    with suppress(OSError):
        for line in path.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == name:
                return value.strip()
    return ""
