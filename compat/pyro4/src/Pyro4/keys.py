"""The keys that commands sign messages with."""

from __future__ import annotations

import os
import warnings

__all__ = ["NO_KEY", "command_key", "given_key"]

NO_KEY = "Warning: HMAC key not set. Anyone can connect to this server!"

_SEEN = (
    "using {} to supply {} on the command line is a security problem, as others on this "
    "machine can see it, and is deprecated since Pyro 4.72; set {} in the environment"
)


def command_key(given: str | None) -> bytes | None:
    """Return the key of a command, from its option -k or from ``PYRO_HMAC_KEY``.

    Raises:
        SystemExit: With status 1, if there are both.
    """
    if given:
        text = _SEEN.format("-k", "HMAC key", "PYRO_HMAC_KEY")
        warnings.warn(text, stacklevel=2)
    return given_key("-k", given, "PYRO_HMAC_KEY")


def given_key(option: str, given: str | None, variable: str) -> bytes | None:
    """Return what was *given* behind an option, else what the environment has.

    Raises:
        SystemExit: With status 1, if there are both.
    """
    other = os.environ.get(variable)
    if given and other:
        raise SystemExit(f"error: don't use {option} and {variable} at the same time")
    return (given or other or "").encode() or None
