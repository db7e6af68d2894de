"""The window of the graphical control tool for name servers."""

from __future__ import annotations

import queue
import shlex
import threading
import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import scrolledtext
from typing import Any, Literal

from .consoles import Console, error_lines, where
from .errors import PyroError
from .naming import NameServerLocator
from .treeviews import TreeView, entries_of

__all__ = ["HIDDEN", "Window"]

HIDDEN = "****"  # stands for a pass phrase that was used
_BUTTONS = (
    (
        ("Ping", "ping"),
        ("List", "list"),
        ("List All", "listall"),
        ("Resolve", "resolve"),
        ("Show Meta", "showmeta"),
        ("Set Meta", "setmeta"),
        ("ReSync", "resync"),
        ("Shutdown", "shutdown"),
    ),
    (
        ("Register", "register"),
        ("Remove", "remove"),
        ("Create Group", "creategroup"),
        ("Delete Group", "deletegroup"),
    ),
)
_CHANGES = frozenset({"register", "remove", "creategroup", "deletegroup"})
_TICK = 40  # milliseconds between looks at what the worker has done

Outcome = Callable[["Window"], None]  # what the window does
Job = Callable[[], Outcome]  # what the worker does before


class Window:
    """Entries, buttons and the output of the tool. Whatever waits is done by a thread.

    That thread, and what it does, must not refer to the window: if it were the last that
    does, it would free what is Tk's, and Tk aborts a program in which another thread does.

    Args:
        root: The empty window.
        tree: Show a tree of all names, too.

    Attributes:
        location: Entry for host and port; Return contacts that.
        identification: Entry for the pass phrase.
        broadcast: Entry for the address of broadcasts.
        arguments: Entry for what commands are about.
        buttons: All buttons, by what stands on them.
        output: The answers.
        tree: The tree, None if there is none.
    """

    def __init__(self, root: tk.Tk, *, tree: bool = False) -> None:
        self._root = root
        self._names: Any = None
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self.buttons: dict[str, tk.Button] = {}
        root.title("Pyro Name Server Control")
        root.protocol("WM_DELETE_WINDOW", self.quit)
        self._make_top(tk.Frame(root))
        self._make_commands(tk.Frame(root))
        self.tree = self._make_tree(root) if tree else None
        self._make_output(tk.Frame(root))
        self._enable(False)
        work = partial(_work, self._jobs, self._done)
        threading.Thread(target=work, daemon=True).start()
        self._collect()

    def quit(self) -> None:
        """Close the window."""
        self._jobs.put(None)
        self._root.after_cancel(self._tick)  # or Tk complains of a window that is gone
        self._root.destroy()

    def discover(self) -> None:
        """Look for a name server near."""
        self._contact(None, None)

    def contact(self, event: Any = None) -> None:
        """Contact the name server at the location that is entered."""
        host, _, port = self.location.get().strip().rpartition(":")
        if not host:
            host, port = port, ""
        if port and not (port.isdecimal() and int(port) < 65536):
            self._say([f"There is a problem: {port!r} is no port"], failed=True)
            return
        self._contact(host or None, int(port) if port else None)

    def command(self, name: str, arguments: Sequence[str] | None = None) -> None:
        """Have a command carried out.

        Args:
            name: One of those of the tool ``nsc``.
            arguments: What it is about; None takes what is entered.
        """
        if arguments is None:
            arguments = _words(self.arguments.get())
        names, lines = self._names, list[str]()
        changes = self.tree is not None and name in _CHANGES

        def job() -> Outcome:
            console = Console(names, names._shutdown, lines.append)
            try:
                console.run(name, arguments)
            except PyroError as error:
                return _lost([*lines, *error_lines(error)])
            found = entries_of(names) if changes else None
            over = name == "shutdown" and not console.failed
            return lambda window: window._answered(lines, console.failed, found, over)

        if names is not None:
            self._jobs.put(job)

    def update(self) -> None:
        """Show the tree as it is now."""
        names = self._names

        def job() -> Outcome:
            found = entries_of(names)
            return lambda window: window._answered([], False, found, False)

        if names is not None:
            self._jobs.put(job)

    def _make_top(self, frame: tk.Frame) -> None:
        """Make what finds a name server: two lines, for one would be wider than screens."""
        line, second = tk.Frame(frame), tk.Frame(frame)
        self.location = _entry(line, "NS location (host:port):", 24)
        self.location.bind("<Return>", self.contact)
        self.identification = _entry(line, "Authorization ID:", 12)
        self.identification.configure(show="*")
        self._button(second, "Auto Discover NS", self.discover)
        self.broadcast = _entry(second, "Broadcast address:", 16)
        self._button(second, "QUIT", self.quit, side="right")
        for row in (line, second):
            row.pack(fill="x")
        frame.pack(fill="x", padx=4, pady=4)

    def _make_commands(self, frame: tk.Frame) -> None:
        for row in _BUTTONS:
            line = tk.Frame(frame)
            for label, name in row:
                self._button(line, label, partial(self.command, name))
            line.pack(fill="x")
        self._button(line, "Clear output", self._clear, side="right")
        last = tk.Frame(frame)
        self.arguments = _entry(last, "Command arguments:", 30)
        self.arguments.pack(fill="x", expand=True)
        last.pack(fill="x")
        frame.pack(fill="x", padx=4)

    def _make_tree(self, root: tk.Tk) -> TreeView:
        frame = tk.Frame(root)
        self._button(frame, "Update", self.update)
        frame.pack(fill="x", padx=4)
        return TreeView(root, self._pick, self._act)

    def _make_output(self, frame: tk.Frame) -> None:
        self.output = scrolledtext.ScrolledText(
            frame, width=84, height=10 if self.tree else 20, state="disabled"
        )
        self.output.tag_configure("error", foreground="#b00000")
        self.output.tag_configure("info", foreground="#0000a0")
        self.output.pack(fill="both", expand=True)
        frame.pack(fill="both", expand=True, padx=4, pady=4)

    def _button(
        self,
        frame: tk.Frame,
        label: str,
        do: Callable[[], None],
        side: Literal["left", "right"] = "left",
    ) -> None:
        button = tk.Button(frame, text=label, command=do)
        button.pack(side=side, padx=2, pady=2)
        self.buttons[label] = button

    def _enable(self, on: bool) -> None:
        for row in _BUTTONS:
            for label, _ in row:
                self.buttons[label].configure(state="normal" if on else "disabled")

    def _contact(self, host: str | None, port: int | None) -> None:
        text = self.identification.get()
        identification = None if text in ("", HIDDEN) else text
        bcaddr = self.broadcast.get().strip() or None
        self._enable(False)
        self._say(["Contacting the name server..."])
        with_tree = self.tree is not None

        def job() -> Outcome:
            try:
                names = NameServerLocator(identification).getNS(host, port, bcaddr=bcaddr)
            except ValueError as error:  # of the address for broadcasts
                return _lost([f"There is a problem: {error}"])
            found = entries_of(names) if with_tree else None
            line = where(names.URI)
            return lambda window: window._connected(names, line, found)

        self._jobs.put(job)

    def _connected(self, names: Any, line: str, found: Any) -> None:
        self._names = names
        self._enter(self.location, f"{names.URI.address}:{names.URI.port}")
        if self.identification.get():
            self._enter(self.identification, HIDDEN)
        self._enable(True)
        self._answered([line], False, found, False)

    def _answered(
        self, lines: Sequence[str], failed: bool, found: Any, is_over: bool
    ) -> None:
        self._say(lines, failed=failed)
        if self.tree is not None and found is not None:
            self.tree.show(found)
        if is_over:
            self._leave()

    def _lose(self, lines: Sequence[str]) -> None:
        self._say(lines, failed=True)
        self._leave()

    def _leave(self) -> None:
        self._names = None
        self._enable(False)
        self.identification.focus_set()

    def _pick(self, name: str) -> None:
        """Let commands be about the name that was picked in the tree."""
        self._enter(self.arguments, name)

    def _act(self, command: str, name: str) -> None:
        self.command(command, [name])

    def _say(self, lines: Sequence[str], *, failed: bool = False) -> None:
        self.output.configure(state="normal")
        for line in lines:
            self.output.insert("end", line + "\n", "error" if failed else "info")
        self.output.configure(state="disabled")
        self.output.see("end")

    def _clear(self) -> None:
        self.output.configure(state="normal")
        self.output.delete("1.0", "end")
        self.output.configure(state="disabled")

    @staticmethod
    def _enter(entry: tk.Entry, text: str) -> None:
        entry.delete(0, "end")
        entry.insert(0, text)

    def _collect(self) -> None:
        try:
            while not self._done.empty():
                self._done.get()(self)
        finally:  # whatever went wrong, the window stays of use
            self._tick = self._root.after(_TICK, self._collect)


def _work(jobs: queue.SimpleQueue[Job | None], done: queue.SimpleQueue[Outcome]) -> None:
    while (job := jobs.get()) is not None:
        try:
            done.put(job())
        except PyroError as error:
            done.put(_lost(error_lines(error)))
        except Exception as error:  # whatever it is, the window stays of use
            done.put(_lost([f"There is a problem: {error!r}"]))


def _lost(lines: Sequence[str]) -> Outcome:
    return lambda window: window._lose(lines)


def _entry(frame: tk.Frame, label: str, width: int) -> tk.Entry:
    tk.Label(frame, text=label).pack(side="left")
    entry = tk.Entry(frame, width=width)
    entry.pack(side="left", padx=2)
    return entry


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quotation mark that is not closed
        return text.split()
