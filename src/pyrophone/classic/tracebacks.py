"""Texts that show where an exception happened, on the other side too."""

from __future__ import annotations

import linecache
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from ..serializers.exceptions import TRACEBACK, safe_text

__all__ = ["check_type", "format_traceback", "joined_traceback"]

_RULE = "-" * 52 + "\n"
_NOTE = "Remote traceback:\n"  # how Pyrophone's note begins, which says the same


def joined_traceback(
    headline: str,
    detailed: bool,
    ex_type: type[BaseException] | None,
    ex_value: BaseException | None,
    ex_tb: TracebackType | None,
) -> list[str]:
    """Return the lines of a traceback, and those of the remote one behind it.

    Args:
        headline: The line above the remote one.
        detailed: Whether the local one is to be.
        ex_type: Class of the exception; without this and the rest, the one in flight.
        ex_value: The exception.
        ex_tb: Where it happened.
    """
    check_type(ex_type)
    if ex_type is None and ex_value is None and ex_tb is None:
        ex_type, ex_value, ex_tb = sys.exc_info()
    # Not with getattr: the class may have a __getattr__ that fails.
    remote = None if ex_value is None else vars(ex_value).get(TRACEBACK)
    if not isinstance(remote, (list, tuple)):  # it comes from a peer, who may send anything
        remote = (remote,) if remote else ()
    local = format_traceback(ex_type, ex_value, ex_tb, detailed)
    if not remote:
        return local
    lines = [headline]
    for chunk in remote:
        for line in str(chunk).removesuffix("\n").split("\n"):
            lines += ["\n | ", line]
    lines.append("\n +--- End of remote traceback\n")
    return local + lines


def check_type(ex_type: Any) -> None:
    """Raise TypeError if an exception is given in the place of its class."""
    if ex_type is not None and not isinstance(ex_type, type):
        raise TypeError(
            "invalid argument: ex_type should be an exception type, "
            "or just supply no arguments at all"
        )


def format_traceback(
    ex_type: type[BaseException] | None = None,
    ex_value: BaseException | None = None,
    ex_tb: TracebackType | None = None,
    detailed: bool = False,
) -> list[str]:
    """Return the lines of a traceback.

    Args:
        ex_type: Class of the exception; without any argument it is the one in flight.
        ex_value: The exception.
        ex_tb: Where it happened.
        detailed: With the local variables of each frame.
    """
    if ex_type is None and ex_value is None and ex_tb is None:
        ex_type, ex_value, ex_tb = sys.exc_info()
    if ex_type is None or ex_value is None:
        return traceback.format_exception(ex_type, ex_value, ex_tb)
    if detailed and ex_tb is not None:
        try:
            return list(_detailed(ex_type, ex_value, ex_tb))
        except Exception:  # a value without repr, for one
            failed = traceback.format_exc()
            return [failed, *traceback.format_exception(ex_type, ex_value, ex_tb)]
    try:
        shown = traceback.TracebackException(ex_type, ex_value, ex_tb)
        if shown.__notes__:
            notes = (note for note in shown.__notes__ if not str(note).startswith(_NOTE))
            shown.__notes__ = list(notes)
        return list(shown.format())
    except Exception:  # a SyntaxError of a peer, whose source is no text, for one
        text = f"{ex_type.__name__}: {safe_text(ex_value)}\n"
        return [*traceback.format_tb(ex_tb), text]


def _detailed(
    ex_type: type[BaseException], ex_value: BaseException, ex_tb: TracebackType
) -> Iterator[str]:
    headline = f" EXCEPTION {ex_type}: {ex_value}\n"
    yield _RULE
    yield headline
    yield " Extended stacktrace follows (most recent call last)\n"
    frame: TracebackType | None = ex_tb
    while frame is not None:
        yield from _frame(frame, values=frame is not ex_tb)
        frame = frame.tb_next
    yield _RULE
    yield headline
    yield _RULE


def _frame(entry: TracebackType, *, values: bool) -> Iterator[str]:
    frame = entry.tb_frame
    code = frame.f_code
    owner = frame.f_locals.get("self")
    name = f"{type(owner).__name__}.{code.co_name}" if owner is not None else code.co_name
    yield _RULE
    yield f'File "{code.co_filename}", line {entry.tb_lineno}, in {name}\n'
    yield "Source code:\n"
    yield f"    {linecache.getline(code.co_filename, entry.tb_lineno).strip()}\n"
    if values:
        yield "Local values:\n"
        for key, value in sorted(frame.f_locals.items()):
            yield f"    {key} = {_text(value)}\n"
            if key == "self":
                for attribute, inner in getattr(value, "__dict__", {}).items():
                    yield f"        self.{attribute} = {_text(inner)}\n"


def _text(value: Any) -> str:
    try:
        return repr(value)
    except Exception:  # of the object's own code
        return "<ERROR>"
