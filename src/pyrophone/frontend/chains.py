"""Chains of calls that wait for each other, and how to see that one would wait for itself.

A chain is text, a line for each call, the outermost first: where it runs, a blank, what it
is. A ``!`` in front means that one call at a time is run there.
"""

from __future__ import annotations

from ..context import serving
from ..errors import DeadlockError
from ..uri import URI

__all__ = ["check_call", "check_connecting", "check_served", "shown"]

_ALONE = "!"


def shown(path: str, *last: str) -> str:
    """Return *path* as people read it.

    Args:
        path: The calls that wait.
        last: The location, object and method of the call that they would wait for.
    """
    calls = [_shown(line) for line in path.split("\n") if line]
    if last:
        location, object_id, method = last
        calls.append(f"{object_id}.{method} at {location}")
    return " -> ".join(calls)


def check_call(path: str, location: str, object_id: str, method: str) -> None:
    """Return if a call, on behalf of those in *path*, can be run at *location*.

    Raises:
        DeadlockError: One call at a time is run there, and that one waits for this.
    """
    if not path or location not in path:
        return
    alone = f"{_ALONE}{location} "
    if path.startswith(alone) or f"\n{alone}" in path:
        raise DeadlockError(
            "the call would wait for itself: " + shown(path, location, object_id, method)
        )


def check_connecting(uri: URI) -> None:
    """Return if *uri* can be connected to, on behalf of the call that is served here.

    Raises:
        DeadlockError: Who would have to greet, waits for this call.
    """
    context = serving.get()
    if context is not None:
        check_call(context.path, uri.location or "", uri.object, "<connect>")


def check_served(path: str, location: str, object_id: str, method: str, most: int) -> None:
    """Return if *location* has a thread left for a call on behalf of those in *path*.

    Args:
        path: The calls that wait for it.
        location: Where it is to run.
        object_id: Of what.
        method: Which one.
        most: How many calls can be run there at once.

    Raises:
        DeadlockError: The calls in *path* have them all.
    """
    if location not in path:
        return
    check_call(path, location, object_id, method)
    count = sum(line.startswith(f"{location} ") for line in path.split("\n"))
    if count >= most:
        raise DeadlockError(
            f"the call would wait for itself, all {most} threads wait for it: "
            + shown(path, location, object_id, method)
        )


def _shown(line: str) -> str:
    location, _, call = line.partition(" ")
    return f"{call} at {location.removeprefix(_ALONE)}"
