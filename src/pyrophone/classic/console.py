"""What the commands print that ask a name server, and tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

__all__ = ["Console", "no_lines"]

_SURE = "Potentially removing lots of items from the Name server. Are you sure (y/n)?"


class Console:
    """Carries out commands, and prints what came of them.

    Args:
        names: The name server, or a proxy for it.
        show: Gives the text of tags.

    Attributes:
        names: As above.
    """

    def __init__(self, names: Any, show: Callable[[Iterable[str]], str]) -> None:
        self.names = names
        self._show = show

    def ping(self) -> None:
        """See whether it answers."""
        self.names.ping()
        print("Name server ping ok.")

    def list(self, prefix: str | None = None) -> None:
        """List the names that begin so, or all."""
        found = self.names.list(prefix=prefix, return_metadata=True)
        self._print_list(found, f"- prefix '{prefix}'" if prefix else "")

    def list_matching(self, regex: str) -> None:
        """List the names that match."""
        found = self.names.list(regex=regex, return_metadata=True)
        self._print_list(found, f"- regex '{regex}'")

    def list_tagged(self, found: Mapping[str, Any]) -> None:
        """List what was *found* by tags."""
        self._print_list(found, " - searched by metadata")

    def lookup(self, name: str) -> None:
        """Print where a name leads, and its tags."""
        uri, metadata = self.names.lookup(name, return_metadata=True)
        print(uri)
        if metadata:
            print(f"metadata: {self._show(metadata)}")

    def register(self, name: str, uri: str) -> None:
        """Register a new name."""
        self.names.register(name, uri, safe=True)
        print(f"Registered {name}")

    def remove(self, name: str) -> None:
        """Remove a name."""
        print(f"Removed {name}" if self.names.remove(name) else "Nothing removed")

    def remove_matching(self, regex: str) -> None:
        """Remove all names that match, if the user is sure."""
        if input(_SURE).strip() in ("y", "Y"):
            print(f"{self.names.remove(regex=regex)} items removed.")

    def set_metadata(self, name: str, tags: Iterable[str]) -> None:
        """Give a name these tags in place of those that it has."""
        sent = set(tags)
        self.names.set_metadata(name, sent)
        print("Metadata updated" if sent else "Metadata cleared")

    def _print_list(self, found: Mapping[str, Any], title: str) -> None:
        print(f"--------START LIST {title}")
        for name, (uri, metadata) in sorted(found.items()):
            print(f"{name} --> {uri}")
            if metadata:
                print(f"    metadata: {self._show(metadata)}")
        print(f"--------END LIST {title}")


def no_lines(*values: object) -> None:
    """Print nothing."""
