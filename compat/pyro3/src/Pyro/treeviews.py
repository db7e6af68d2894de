"""The tree of all names, as the graphical tool shows it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Any

from .trees import GROUP, ROOT, parent_of

__all__ = ["PROTECTED", "TreeView", "entries_of"]

PROTECTED = (ROOT, ":Default", ":Pyro")  # groups that the tool never deletes
_MOST = 10_000  # names shown; others are left out

Entry = tuple[str, str | None]  # absolute name, and the text of the URI; None for groups


class TreeView:
    """Groups and objects with their URIs.

    The key Delete removes the object or the empty group that is picked, ``i`` shows what
    is known of it.

    Args:
        root: The window.
        pick: Is told the name that is picked.
        act: Is told a command and the name that it is about.
    """

    def __init__(
        self, root: tk.Tk, pick: Callable[[str], None], act: Callable[[str, str], None]
    ) -> None:
        self._pick = pick
        self._act = act
        self._groups: set[str] = set()
        frame = tk.Frame(root)
        self.widget = ttk.Treeview(frame, columns=("uri",), height=8)
        self.widget.heading("#0", text="name", anchor="w")
        self.widget.heading("uri", text="URI", anchor="w")
        self.widget.column("#0", width=180)
        self.widget.column("uri", width=500)
        bar = ttk.Scrollbar(frame, command=self.widget.yview)
        self.widget.configure(yscrollcommand=bar.set)
        self.widget.pack(side="left", fill="both", expand=True)
        bar.pack(side="left", fill="y")
        frame.pack(fill="both", expand=True, padx=4)
        self.widget.bind("<<TreeviewSelect>>", self._selected)
        self.widget.bind("<Delete>", self._delete)
        self.widget.bind("i", self._inform)

    def show(self, entries: Sequence[Entry]) -> None:
        """Show names, groups before what is in them."""
        self.widget.delete(*self.widget.get_children())
        self._groups = {name for name, uri in entries if uri is None}
        for name, uri in entries[:_MOST]:
            parent = "" if name == ROOT else parent_of(name)
            if parent and not self.widget.exists(parent):
                continue
            last = name if name == ROOT else name[len(parent) :].lstrip(".")
            values = () if uri is None else (uri,)
            self.widget.insert(parent, "end", name, text=last, values=values, open=True)

    def picked(self) -> str | None:
        """Return the name that is picked."""
        selected = self.widget.selection()
        return str(selected[0]) if selected else None

    def _selected(self, event: Any) -> None:
        if (name := self.picked()) is not None:
            self._pick(name)

    def _delete(self, event: Any) -> None:
        name = self.picked()
        if name is None or name in PROTECTED:
            return
        if name not in self._groups:
            self._act("remove", name)
        elif not self.widget.get_children(name):
            self._act("deletegroup", name)

    def _inform(self, event: Any) -> None:
        if (name := self.picked()) is not None:
            self._act("showmeta", name)


def entries_of(names: Any) -> list[Entry]:
    """Return all names of a name server, groups before what is in them.

    Raises:
        PyroError: It can't be asked.
    """
    uris = {name: str(uri) for name, uri in names.flatlist()}
    found: list[Entry] = [(ROOT, None)]
    for group, uri in found:  # which grows
        if uri is not None:
            continue
        start = group if group == ROOT else f"{group}."
        for last, kind in sorted(names.list(group)):
            name = start + last
            if kind == GROUP:
                found.append((name, None))
            elif name in uris:
                found.append((name, uris[name]))
        if len(found) >= _MOST:
            break
    return found
